using WireGate.Core.Configuration;
using WireGate.Core.Credentials;

namespace WireGate.Core.Sessions;

/// <summary>Decides what a client that has proven itself may reach, and takes one use of its placeholder, if it has one. Shared by all sessions.</summary>
/// <param name="placeholders">Where uses are counted.</param>
/// <param name="admission">Who pays for what failed.</param>
public sealed class ClientAuthorization(IPlaceholderStore placeholders, Admission admission)
{
    /// <summary>Of a client whose proof is none. Its source pays for it.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="verdict">Why it is none; not <see cref="PlaceholderVerdict.Ok"/>.</param>
    /// <param name="id">Id of the placeholder that it presented; null: of none that there is.</param>
    /// <param name="detail">What lies behind it, for the audit log; null: the verdict says it.</param>
    public Refusal NotProven(Session session, PlaceholderVerdict verdict, string? id, string? detail = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        return NotProven(session, "the placeholder was not accepted", detail ?? Describe(verdict, id));
    }

    /// <summary>Of a client whose proof is none, and was no placeholder. Its source pays for it.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="message">For the client.</param>
    /// <param name="detail">What lies behind it, for the audit log.</param>
    public Refusal NotProven(Session session, string message, string detail)
    {
        ArgumentNullException.ThrowIfNull(session);
        admission.Penalize(session.SourceAddress, session.Config.Limits);
        return new Refusal(SessionEnd.AuthenticationFailed, message, detail);
    }

    /// <summary>Authorizes a caller. On the session's loop.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="caller">Who has proven to be calling.</param>
    /// <param name="choose">Chooses target, login and grant by the session's config and notes them; called again when that changes meanwhile.</param>
    /// <returns>Null: the session may be. Else why not.</returns>
    public async ValueTask<Refusal?> AuthorizeAsync(Session session, Caller caller, Func<Refusal?> choose)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(choose);
        Refusal? refusal;
        // The proof may have taken its time: what is granted now counts, and not what was when the client connected.
        session.TakeConfig();
        do
        {
            refusal = choose();
        }
        while (session.TakeConfig());

        if (refusal is not null)
        {
            return refusal;
        }

        LimitsConfig limits = session.Config.Limits;
        if (admission.TryProve(session.Listener.Name, caller.Identity, session.SourceAddress, limits) is { } full)
        {
            return new Refusal(SessionEnd.LimitReached, full, full);
        }

        session.AdmittedIdentity = caller.Identity;
        return caller.Placeholder is { } placeholder ? await TakeUseAsync(session, placeholder) : null;
    }

    private async ValueTask<Refusal?> TakeUseAsync(Session session, Placeholder placeholder)
    {
        try
        {
            bool taken = await placeholders.TryTakeUseAsync(placeholder, session.HandshakeToken);
            await session.Loop.Switch();
            return taken ? null : NotProven(session, PlaceholderVerdict.UsedUp, placeholder.Id);
        }
        catch (StoreUnavailableException e)
        {
            await session.Loop.Switch();
            return new Refusal(SessionEnd.AuditFailed, "the gateway's store is not available", e.Message);
        }
    }

    private static string Describe(PlaceholderVerdict verdict, string? id) => verdict switch
    {
        PlaceholderVerdict.Unknown => "no such placeholder, or not its secret",
        PlaceholderVerdict.Revoked => $"placeholder {id} was revoked",
        PlaceholderVerdict.NotYetValid => $"placeholder {id} is not valid yet",
        PlaceholderVerdict.Expired => $"placeholder {id} has expired",
        PlaceholderVerdict.WrongSource => $"placeholder {id} is bound to other networks",
        PlaceholderVerdict.Exposed => $"placeholder {id} was sent in clear as the user name: whoever listened has it now, revoke it",
        PlaceholderVerdict.UsedUp => $"placeholder {id} has no use left",
        _ => verdict.ToString(),
    };
}
