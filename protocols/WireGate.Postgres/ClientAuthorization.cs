using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <summary>Decides what a client that has proven itself may reach, and takes one use of its placeholder.</summary>
internal sealed class ClientAuthorization(PostgresServices services)
{
    /// <summary>Decides.</summary>
    /// <returns>Exactly one of them.</returns>
    public async ValueTask<(LoginRequest? Request, Refusal? Refusal)> RunAsync(
        Session session, ClientProof proof, StartupParameters parameters, UserName user)
    {
        if (proof.Verdict != PlaceholderVerdict.Ok)
        {
            services.Admission.Penalize(session.SourceAddress, session.Config.Limits);
            string detail = user.Kind == UserNameKind.Plain && proof.Method.StartsWith("scram", StringComparison.Ordinal)
                ? "SCRAM, and the user name names no placeholder: it has to be anything+ID, with the id that mint printed"
                : Describe(proof.Verdict, proof.Placeholder?.Id);
            return (null, new Refusal(SessionEnd.AuthenticationFailed, "the placeholder was not accepted", detail));
        }

        Placeholder placeholder = proof.Placeholder!;
        Refusal? refusal;
        LoginRequest? request;
        // The proof may have taken its time: what is granted now counts, and not what was when the client connected.
        session.TakeConfig();
        do
        {
            refusal = LoginChoice.Of(session, placeholder, parameters, user, out request);
        }
        while (session.TakeConfig());

        LimitsConfig limits = session.Config.Limits;
        if (refusal is null && services.Admission.TryProve(session.Listener.Name, placeholder.Identity, session.SourceAddress, limits) is { } full)
        {
            refusal = new Refusal(SessionEnd.LimitReached, full, full);
        }
        else if (refusal is null)
        {
            session.AdmittedIdentity = placeholder.Identity;
            refusal = await TakeUseAsync(session, placeholder);
        }

        return refusal is null ? (request, null) : (null, refusal);
    }

    private async ValueTask<Refusal?> TakeUseAsync(Session session, Placeholder placeholder)
    {
        try
        {
            bool taken = await services.Placeholders.TryTakeUseAsync(placeholder, session.HandshakeToken);
            await session.Loop.Switch();
            if (taken)
            {
                return null;
            }
        }
        catch (StoreUnavailableException e)
        {
            await session.Loop.Switch();
            return new Refusal(SessionEnd.AuditFailed, "the gateway's store is not available", e.Message);
        }

        services.Admission.Penalize(session.SourceAddress, session.Config.Limits);
        return new Refusal(
            SessionEnd.AuthenticationFailed, "the placeholder was not accepted", Describe(PlaceholderVerdict.UsedUp, placeholder.Id));
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
