using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using WireGate.Testing.Time;

namespace WireGate.Core.Tests.Approvals;

/// <summary>A registry over a store in memory, with people to ask.</summary>
public abstract class ApprovalHouse
{
    internal const string Sql = "update orders set paid = true";

    internal static readonly Identity Alice = new() { Issuer = Identity.LocalIssuer, Subject = "alice" };
    internal static readonly Approver Bob = Person("bob", 1002, "dba");
    internal static readonly Approver Carol = Person("carol", 1003, "dba", "security");
    internal static readonly Approver Dave = Person("dave", 1004, "security");
    internal static readonly HoldTerms OneDba = Terms(new ApproverTerms(null, ["dba"], 1));

    internal ManualTime Time { get; private set; } = null!;

    internal MemoryApprovalStore Store { get; private set; } = null!;

    internal MemoryAudit Audit { get; private set; } = null!;

    internal ApprovalRegistry Approvals { get; private set; } = null!;

    /// <summary>Who minted the placeholder <c>p</c>, and those that it was narrowed from.</summary>
    internal ImmutableArray<Identity> Minters { get; set; } = [];

    /// <summary>What the config says of somebody by now.</summary>
    internal Func<Identity, Identity?> PresentOf { get; set; } = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        Time = new ManualTime();
        Store = new MemoryApprovalStore();
        Audit = new MemoryAudit();
        Minters = [];
        PresentOf = person => person;
        await ReopenAsync();
    }

    [TearDown]
    public void Close() => Approvals.Dispose();

    internal async Task ReopenAsync()
    {
        Approvals?.Dispose();
        Approvals = await ApprovalRegistry.OpenAsync(Store, Audit, Time, NullLogger.Instance, _ => Minters, p => PresentOf(p));
    }

    internal static Approver Person(string subject, uint uid, params ImmutableArray<string> groups) =>
        new(new Identity { Issuer = Identity.UnixIssuer, Subject = subject, Groups = groups }, uid);

    internal static HoldTerms Terms(params ImmutableArray<ApproverTerms> approvers) => new(approvers, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(2));

    internal static ApprovalRequest Held(HoldTerms? terms = null, string session = "s1", string sql = Sql) => new()
    {
        Kind = ApprovalKind.Operation,
        Requester = Alice,
        Placeholder = "p",
        MintedBy = new Identity { Issuer = Identity.UnixIssuer, Subject = "ci" },
        Session = session,
        Target = "orders",
        Login = "rw",
        Protocol = "postgres",
        Digest = SHA(sql + session),
        Key = KeyOf(sql),
        Display = ApprovalDisplay.Of(Encoding.UTF8.GetBytes(sql)),
        Rule = "writes",
        Config = "c0ffee",
        Terms = terms ?? OneDba,
    };

    internal static ApprovalRequest Beforehand(HoldTerms? terms = null, string sql = Sql) => Held(terms, sql: sql) with
    {
        Kind = ApprovalKind.Beforehand,
        AskedBy = new Identity { Issuer = Identity.UnixIssuer, Subject = "erin" },
        Session = null,
        Placeholder = null,
        MintedBy = null,
    };

    internal static byte[] KeyOf(string sql) => ApprovalDigest.KeyOf("postgres", "orders", "db:5432", "shop", "rw", "alice", Encoding.UTF8.GetBytes(sql), []);

    internal async Task<Approval> AskAsync(ApprovalRequest? request = null) => await Approvals.AskAsync(request ?? Held(), CancellationToken.None);

    internal async Task<VoteResult> ApproveAsync(Approver who, Approval what) => await Approvals.ApproveAsync(who, what.Id, null, CancellationToken.None);

    internal async Task<VoteResult> DenyAsync(Approver who, Approval what) => await Approvals.DenyAsync(who, what.Id, "not today", CancellationToken.None);

    internal async Task<bool> ClaimAsync(Approval what, string session = "s1") => await Approvals.TryClaimAsync(what.Id, session, CancellationToken.None);

    internal async Task<ApprovalState> StateOfAsync(Approval what) => (await Approvals.FindAsync(what.Id, CancellationToken.None))!.State;

    private static byte[] SHA(string text) => System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
