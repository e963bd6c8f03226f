using System.Collections.Frozen;
using System.Globalization;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>
/// Holds a session whose grant asks for people's yes, before the credential is fetched or the upstream dialled. On the session's loop; holds
/// no thread.
/// </summary>
/// <param name="session">It.</param>
/// <param name="approvals">Where it waits.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Tells the client; completes when it has taken what was said.</param>
public sealed class HeldSession(Session session, IApprovals approvals, TimeProvider time, Func<ApprovalNotice, Task> say)
{
    private const string DigestDomain = "wg-approval-session/1";
    private const string KeyDomain = "wg-approval-session-key/1";

    /// <summary>Its client may come back for it in another session: see <see cref="ApprovalRequest.IsResumable"/>.</summary>
    public bool IsResumable { get; init; }

    private readonly ApprovalWait _wait = new(session, approvals, time);
    // A loop without a thread of its own may be told of the next ten seconds while the last notice is being written.
    private readonly Lock _saying = new();
    private Task _said = Task.CompletedTask;
    private bool _isOver;

    /// <summary>Waits for the people whom the grant names.</summary>
    /// <param name="terms">Who, and how long.</param>
    /// <param name="lifetime">How long the session would live; null: as long as its client stays.</param>
    /// <returns>The approval that this session has claimed, or why it is not to be: exactly one is set.</returns>
    public async ValueTask<(Approval? Approval, Refusal? Refusal)> WaitAsync(HoldTerms terms, TimeSpan? lifetime)
    {
        ArgumentNullException.ThrowIfNull(terms);
        session.Phase = SessionPhase.Held;
        // The approval has a deadline of its own.
        session.SetDeadline(null);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        session.Interrupt = () => ended.TrySetResult();
        (Approval? Approval, Refusal? Refusal) outcome;
        try
        {
            outcome = await AskAsync(terms, lifetime, ended.Task);
        }
        finally
        {
            session.Interrupt = null;
        }

        // What is waited for now is the client, which has to take what it was told: whoever ends the session cuts it off.
        session.SetDeadline(session.Config.Limits.Authentication);
        try
        {
            await SayNoMore();
            await session.Loop.Switch();
        }
        catch when (outcome.Approval is not null)
        {
            Complete(outcome.Approval.Id, executed: false);
            throw;
        }

        return outcome;
    }

    /// <summary>Whether what was approved is what would be opened now: a reload may have changed it meanwhile.</summary>
    /// <param name="approval">What this session has claimed.</param>
    /// <param name="terms">Whose yes is asked for now; null: nobody's.</param>
    /// <param name="lifetime">How long the session would live now.</param>
    /// <returns>Why it is not to be; null: it is.</returns>
    public Refusal? Judge(Approval approval, HoldTerms? terms, TimeSpan? lifetime)
    {
        ArgumentNullException.ThrowIfNull(approval);
        string? why = terms is not null && !approvals.Meets(approval, terms) ? "the grant asks for other people by now"
            : !RequestFor(terms ?? approval.Request.Terms, lifetime).Digest.Span.SequenceEqual(approval.Request.Digest.Span) ? "what it opens is something else by now"
            : null;
        return why is null ? null : new Refusal(SessionEnd.NotApproved, $"approval {approval.Id} was given, and {why}: connect again", $"approval {approval.Id}: {why}");
    }

    /// <summary>The upstream was reached, or not.</summary>
    public void Complete(string approval, bool executed) => _wait.Complete(approval, executed, executed ? null : "the upstream was not reached");

    /// <summary>What people are asked.</summary>
    /// <param name="terms">Who, and how long.</param>
    /// <param name="lifetime">How long the session would live; null: as long as its client stays.</param>
    public ApprovalRequest RequestFor(HoldTerms terms, TimeSpan? lifetime)
    {
        ArgumentNullException.ThrowIfNull(terms);
        Caller caller = session.ProvenCaller;
        Access access = session.Access!;
        string lives = lifetime is { } most ? $"for {most.ToString("c", CultureInfo.InvariantCulture)}" : "as long as its client stays";
        FrozenDictionary<string, string> context = new Dictionary<string, string>
        {
            [ApprovalRequest.GrantContext] = access.Grant.Name,
            ["database"] = session.Database ?? "",
            ["application"] = session.Application ?? "",
            ["lifetime"] = lives,
            ["replication"] = session.IsReplication ? "true" : "false",
        }.ToFrozenDictionary(StringComparer.Ordinal);
        string database = session.Database is { } chosen ? $", database {chosen}" : "";
        string display = string.Create(
            CultureInfo.InvariantCulture,
            $"a session on target {access.Target.Name}{database}, as login {access.Login.Name}, {lives}{(session.IsReplication ? ", replication of the whole cluster" : "")}");
        using var digest = new ApprovalDigest(DigestDomain);
        using var key = new ApprovalDigest(KeyDomain);
        foreach (ApprovalDigest one in (ApprovalDigest[])[digest, key])
        {
            one.Add(session.Listener.Protocol);
            one.Add(access.Target.Name);
            one.Add(string.Join(", ", access.Target.Addresses));
            one.Add(access.Login.Name);
            one.Add(caller.Identity.Issuer);
            one.Add(caller.Identity.Subject);
            one.Add(IsResumable ? null : session.Id);
            foreach ((string name, string value) in context.OrderBy(c => c.Key, StringComparer.Ordinal))
            {
                one.Add(name);
                one.Add(value);
            }
        }

        return new ApprovalRequest
        {
            Kind = ApprovalKind.Session,
            Requester = caller.Identity,
            Placeholder = caller.Placeholder?.Id,
            MintedBy = caller.Placeholder?.MintedBy,
            Session = session.Id,
            Target = access.Target.Name,
            Login = access.Login.Name,
            Protocol = session.Listener.Protocol,
            Database = session.Database,
            Source = session.SourceAddress?.ToString(),
            Digest = digest.Finish(),
            Key = key.Finish(),
            Display = ApprovalDisplay.Line(display),
            Context = context,
            IsResumable = IsResumable,
            Config = session.Config.Version,
            Terms = terms,
        };
    }

    private async ValueTask<(Approval? Approval, Refusal? Refusal)> AskAsync(HoldTerms terms, TimeSpan? lifetime, Task ended)
    {
        try
        {
            Approval asked = await approvals.AskAsync(RequestFor(terms, lifetime), CancellationToken.None);
            await session.Loop.Switch();
            Approval became = await _wait.RunAsync(asked, ended, Say);
            return became.State == ApprovalState.Claimed ? (became, null) : (null, RefusalOf(became));
        }
        catch (ApprovalRefusedException e)
        {
            await session.Loop.Switch();
            return (null, NotAsked(e.Message));
        }
        catch (StoreUnavailableException)
        {
            await session.Loop.Switch();
            return (null, NotAsked("the gateway's store is not available, so nobody can be asked"));
        }
    }

    private void Say(ApprovalNotice notice)
    {
        lock (_saying)
        {
            // Who does not read is told nothing more: what it leaves unread would be kept for it.
            if (!_isOver && _said.IsCompletedSuccessfully)
            {
                _said = say(notice);
            }
        }
    }

    /// <summary>From here on the client's output is its caller's.</summary>
    /// <returns>Completes when what was said before is written.</returns>
    private Task SayNoMore()
    {
        lock (_saying)
        {
            _isOver = true;
            return _said;
        }
    }

    private static Refusal NotAsked(string why) => new(SessionEnd.NotApproved, $"the session needs an approval, and {why}", why);

    private Refusal RefusalOf(Approval became) => became.State switch
    {
        ApprovalState.Denied => new Refusal(
            SessionEnd.NotApproved, $"approval {became.Id} was denied{(became.Detail is { } reason ? $": {reason}" : "")}", $"approval {became.Id}: {became.Detail}"),
        ApprovalState.Expired => new Refusal(SessionEnd.ApprovalTimeout, $"approval {became.Id} was not given in time", $"approval {became.Id}"),
        _ => new Refusal(
            session.Client.IsHungUp ? SessionEnd.ClientClosed : SessionEnd.ApprovalTimeout, $"approval {became.Id} was withdrawn", $"approval {became.Id}: {became.Detail}"),
    };
}
