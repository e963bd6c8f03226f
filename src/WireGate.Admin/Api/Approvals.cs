namespace WireGate.Admin.Api;

/// <summary>Body of <c>POST /v1/approvals</c>: what somebody will run.</summary>
public sealed record RequestApprovalBody
{
    /// <summary>The target.</summary>
    public required string Target { get; init; }

    /// <summary>The database; null: the only one that the target has.</summary>
    public string? Database { get; init; }

    /// <summary>The login; null: the one that a grant gives.</summary>
    public string? Login { get; init; }

    /// <summary>The very text that will be run; white space at its ends does not count. Null: <see cref="HttpRequest"/>.</summary>
    public string? Sql { get; init; }

    /// <summary>The very request that will be made, in base64: of HTTP/1.1, without a placeholder. Null: <see cref="Sql"/>.</summary>
    public byte[]? HttpRequest { get; init; }

    /// <summary>The subject that will run it.</summary>
    public required string For { get; init; }

    /// <summary>Why, for those who decide.</summary>
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /v1/approvals/{id}/approve</c>.</summary>
public sealed record ApproveBody
{
    /// <summary>The first hex digits of the digest of what was looked at, at least 8; null: not said.</summary>
    public string? Digest { get; init; }
}

/// <summary>Body of <c>POST /v1/approvals/{id}/deny</c>.</summary>
public sealed record DenyBody
{
    /// <summary>Why; the requester is told.</summary>
    public required string Reason { get; init; }
}

/// <summary>An approval as people see it.</summary>
public sealed record ApprovalView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary><c>pending</c>, <c>approved</c>, <c>claimed</c>, <c>executed</c>, <c>failed</c>, <c>denied</c>, <c>expired</c>, <c>withdrawn</c> or <c>revoked</c>.</summary>
    public required string State { get; init; }

    /// <summary><c>operation</c>: a session holds it; <c>beforehand</c>: it will be run later; <c>session</c>: a session waits for it before it begins.</summary>
    public required string Kind { get; init; }

    /// <summary>Who runs it, as <c>issuer:subject</c>.</summary>
    public required string Requester { get; init; }

    /// <summary>Who asked for it beforehand.</summary>
    public string? AskedBy { get; init; }

    /// <summary>Id of the placeholder that it is run with.</summary>
    public string? Placeholder { get; init; }

    /// <summary>Who minted that placeholder.</summary>
    public string? MintedBy { get; init; }

    /// <summary>Id of the session.</summary>
    public string? Session { get; init; }

    /// <summary>The client's address.</summary>
    public string? Source { get; init; }

    /// <summary>The protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>The target's name.</summary>
    public required string Target { get; init; }

    /// <summary>The login's name.</summary>
    public required string Login { get; init; }

    /// <summary>The database.</summary>
    public string? Database { get; init; }

    /// <summary>What is to be run, with whatever would hide or mislead escaped; a list has its beginning.</summary>
    public required string Statement { get; init; }

    /// <summary>The digest that binds a yes to it, in hex.</summary>
    public required string Digest { get; init; }

    /// <summary>Under what circumstances it runs; null: none are known.</summary>
    public IReadOnlyDictionary<string, string>? Context { get; init; }

    /// <summary>The rule that holds it.</summary>
    public string? Rule { get; init; }

    /// <summary>Version of the config that holds it.</summary>
    public required string Config { get; init; }

    /// <summary>Why it is wanted.</summary>
    public string? Reason { get; init; }

    /// <summary>Who must say yes: all of these.</summary>
    public required IReadOnlyList<ApproversView> Approvers { get; init; }

    /// <summary>What was said so far.</summary>
    public required IReadOnlyList<VoteView> Votes { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Until when it can be decided.</summary>
    public required DateTimeOffset PendingUntil { get; init; }

    /// <summary>Until when the yes may be made use of.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>The session that made use of it.</summary>
    public string? ClaimedBy { get; init; }

    /// <summary>When it did.</summary>
    public DateTimeOffset? Claimed { get; init; }

    /// <summary>Why it ended as it did.</summary>
    public string? Detail { get; init; }
}

/// <summary>So many distinct people.</summary>
/// <param name="Count">How many.</param>
/// <param name="Groups">Each is in one of these; empty: anybody.</param>
/// <param name="Issuer">Who vouches for them; null: any issuer.</param>
public sealed record ApproversView(int Count, IReadOnlyList<string> Groups, string? Issuer = null);

/// <summary>What one person said.</summary>
/// <param name="By">Who, as <c>issuer:subject</c>.</param>
/// <param name="Yes">Yes or no.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why.</param>
public sealed record VoteView(string By, bool Yes, DateTimeOffset At, string? Reason = null);

/// <summary>What came of a yes or no.</summary>
/// <param name="Outcome"><c>counted</c>, <c>approved</c> or <c>denied</c>.</param>
/// <param name="Message">In a line.</param>
/// <param name="Approval">As it is now.</param>
public sealed record DecidedView(string Outcome, string Message, ApprovalView Approval);
