using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>On what terms a SQL text, or a request of HTTP, would be held if somebody ran it.</summary>
public interface IBeforehandTerms
{
    /// <summary>Asks the rules. What they say when it runs counts all the same: a yes must then meet the terms of that moment.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="target">The target.</param>
    /// <param name="database">The database in which it would be run.</param>
    /// <param name="login">Name of the login; null: the one that a grant gives.</param>
    /// <param name="subject">Who would run it.</param>
    /// <param name="sql">The text, in UTF-8.</param>
    BeforehandAnswer Judge(GatewayConfig config, TargetConfig target, string database, string? login, string subject, ReadOnlyMemory<byte> sql);

    /// <summary>The same for a request of HTTP.</summary>
    /// <param name="config">The config in force.</param>
    /// <param name="target">The target.</param>
    /// <param name="login">Name of the login; null: the one that a grant gives.</param>
    /// <param name="subject">Who would make it.</param>
    /// <param name="request">The request as its client would send it, without a placeholder: HTTP/1.1, whose lines may end with LF alone.</param>
    BeforehandAnswer JudgeRequest(GatewayConfig config, TargetConfig target, string? login, string subject, ReadOnlyMemory<byte> request);
}

/// <summary>What would be held, for whom, and on what terms.</summary>
/// <param name="Requester">Who would run it.</param>
/// <param name="Login">As which login.</param>
/// <param name="Rule">Which rule holds it.</param>
/// <param name="Terms">Who must say yes.</param>
public sealed record BeforehandTerms(Identity Requester, string Login, string? Rule, HoldTerms Terms)
{
    /// <summary>What people see, and what tells the same again; null of SQL, whose text is both.</summary>
    public BeforehandText? Text { get; init; }
}

/// <summary>What people are asked about beforehand, as whoever runs it will be known by it.</summary>
/// <param name="Digest">See <see cref="ApprovalRequest.Digest"/>.</param>
/// <param name="Key">See <see cref="ApprovalRequest.Key"/>.</param>
/// <param name="Display">See <see cref="ApprovalRequest.Display"/>.</param>
/// <param name="Context">See <see cref="ApprovalRequest.Context"/>.</param>
public sealed record BeforehandText(ReadOnlyMemory<byte> Digest, ReadOnlyMemory<byte> Key, string Display, FrozenDictionary<string, string> Context);

/// <summary>Terms, or why there are none.</summary>
/// <param name="Terms">The terms.</param>
/// <param name="Refusal">Why there is nothing to approve, in a line.</param>
public sealed record BeforehandAnswer(BeforehandTerms? Terms, string? Refusal)
{
    /// <summary>Whether there is something to approve.</summary>
    [MemberNotNullWhen(true, nameof(Terms))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsHeld => Terms is not null;

    /// <summary>There is.</summary>
    public static BeforehandAnswer Held(BeforehandTerms terms) => new(terms, null);

    /// <summary>There is not.</summary>
    public static BeforehandAnswer Refused(string why) => new(null, why);
}
