using System.Collections.Immutable;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>
/// An operation as it is judged: in parts, of which each is judged by itself and the worst decides. A struct for each kind of operation, so
/// that judging is compiled for each of them and calls nothing by an interface.
/// </summary>
internal interface IOperationParts
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Whether all of a part is covered by what a rule says about operations.</summary>
    bool IsCovered(Rule rule, int part);

    /// <summary>Whether anything of a part is touched by it.</summary>
    bool IsTouched(Rule rule, int part);

    /// <summary>Whether a default of the rules covers a part that is no deny: everything but what cannot be known.</summary>
    bool IsKnown(int part);

    /// <summary>What <see cref="RuleBook.CredentialMinting"/> says to a part; null: nothing.</summary>
    string? MintedCredential(int part);

    /// <summary>Why no rule lets a part pass; null: rules decide.</summary>
    string? NeverPasses(int part);

    /// <summary>Of masks, those that can hide anything of what comes back.</summary>
    ulong MasksOf(ulong masks);
}

/// <summary>A SQL text, statement by statement.</summary>
internal readonly struct SqlParts(SqlOperation operation) : IOperationParts
{
    private const string MintsCredential = "it would give a role a password, which WireGate would not hold";

    // What a text without any statement says: nothing that a rule would have to name.
    private static readonly ImmutableArray<SqlStatementFacts> Nothing = [new SqlStatementFacts { Kinds = [], Accesses = [] }];

    private readonly ImmutableArray<SqlStatementFacts> _statements = operation.Facts.Statements is { IsEmpty: false } statements ? statements : Nothing;
    private readonly SqlSearchPath _path = operation.SearchPath;

    public int Count => _statements.Length;

    public bool IsCovered(Rule rule, int part) => rule.Sql is { } sql ? sql.Covers(_statements[part], _path) : rule.IsOfEverything;

    public bool IsTouched(Rule rule, int part) => rule.Sql is { } sql ? sql.Touches(_statements[part], _path) : rule.IsOfEverything;

    public bool IsKnown(int part) => SqlCondition.AllKnown.Covers(_statements[part], _path);

    public string? MintedCredential(int part) => _statements[part].SetsPassword ? MintsCredential : null;

    public string? NeverPasses(int part) => null;

    public ulong MasksOf(ulong masks) => masks;
}

/// <summary>What an SSH client asks for, which is one thing.</summary>
/// <param name="operation">The operation.</param>
/// <param name="detecting">The masks that look for what they hide: of columns, nothing is known here.</param>
internal readonly struct SshParts(SshOperation operation, ulong detecting) : IOperationParts
{
    private const string MintsCredential = "it would change which keys log in, which WireGate would not hold";
    private const string IsTunnel = "tunnels never pass";

    public int Count => 1;

    // Of what nobody knows everything would be too much: it must be named.
    public bool IsCovered(Rule rule, int part) => rule.Ssh is { } ssh ? ssh.Covers(operation) : rule.IsOfEverything && operation is not SshRequest;

    public bool IsTouched(Rule rule, int part) => rule.Ssh is { } ssh ? ssh.Touches(operation) : rule.IsOfEverything;

    public bool IsKnown(int part) => operation.Unknown is null;

    public string? MintedCredential(int part) =>
        operation is SftpOperation { MintsCredential: true } or SshExec { Copy.MintsCredential: true } ? MintsCredential : null;

    public string? NeverPasses(int part) => operation is SshForward { Kind: SshForwardKind.Tun } ? IsTunnel : null;

    public ulong MasksOf(ulong masks) => masks & detecting;
}

/// <summary>A request of HTTP, which is one thing.</summary>
/// <param name="request">The request.</param>
/// <param name="ofBodies">The masks that hide anything of bodies: those of columns alone do not.</param>
internal readonly struct HttpParts(HttpOperation request, ulong ofBodies) : IOperationParts
{
    private const string MintsCredential = "it would make a credential of the cluster, which WireGate would not hold";
    private const string IsAmbiguous = "API servers may read its path in two ways";

    public int Count => 1;

    // What is allowed of HTTP says nothing of what that means to an API server.
    public bool IsCovered(Rule rule, int part) => request.Kubernetes is { } kubernetes
        ? rule.Kubernetes?.Covers(kubernetes) ?? rule.IsOfEverything
        : rule.Http?.Covers(request) ?? rule.IsOfEverything;

    public bool IsTouched(Rule rule, int part) =>
        rule.IsOfEverything || rule.Http?.Touches(request) == true || (request.Kubernetes is { } kubernetes && rule.Kubernetes?.Touches(kubernetes) == true);

    public bool IsKnown(int part) => request.Unknown is null;

    public string? MintedCredential(int part) => request.Kubernetes is { MintsCredential: true } ? MintsCredential : null;

    public string? NeverPasses(int part) => request is { Kubernetes: not null, Path.IsPlain: false } ? IsAmbiguous : null;

    public ulong MasksOf(ulong masks) => masks & ofBodies;
}
