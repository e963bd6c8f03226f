using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>Opens a PostgreSQL session of an upstream.</summary>
internal sealed class UpstreamOpener(PostgresServices services, UpstreamConnector connector, UpstreamLogin login, LoginRequest request)
    : UpstreamAttempts<Secret, UpstreamSession>(services.Audit, services.Time)
{
    /// <inheritdoc/>
    protected override async ValueTask<Secret?> FetchAsync(Session session, bool fresh, CancellationToken limit) =>
        session.Access!.Login.Password is { } name ? await UpstreamPassword.FetchAsync(services.Secrets, name, fresh, limit) : null;

    /// <inheritdoc/>
    protected override ValueTask<Connection> ConnectAsync(Session session, Address address, CancellationToken turn) =>
        connector.ConnectAsync(session.Loop, request.Target, address, turn);

    /// <inheritdoc/>
    protected override async ValueTask<UpstreamAttempt<UpstreamSession>> LogInAsync(
        Session session, Connection connection, Address address, Secret? credential, CancellationToken turn)
    {
        (UpstreamSession? opened, UpstreamError? error) = await login.RunAsync(connection, address, request, credential, turn);
        return opened is not null
            ? new(opened, null)
            : new(
                null, RefusalOf(error!, address), error!.AskedForPassword && IsCredentialRefused(error.Error),
                TryNext: error.Error.SqlState == SqlState.CannotConnectNow);
    }

    /// <summary>28P01, and 28000 as poolers and older servers say it.</summary>
    private static bool IsCredentialRefused(ErrorFields error) => error.SqlState is null || error.SqlState.StartsWith("28", StringComparison.Ordinal);

    /// <summary>
    /// What an upstream says about the database, its capacity or a setting concerns the client; what it says about the login does not,
    /// and a sentence about the account, whose name was taken out of it, neither.
    /// </summary>
    private static Refusal RefusalOf(UpstreamError refused, Address address)
    {
        ErrorFields error = refused.Error;
        string said = $"{address}: {error.SqlState ?? "no SQLSTATE"}: {error.Message ?? "no message"}";
        if (refused.AskedForPassword && IsCredentialRefused(error))
        {
            return new Refusal(SessionEnd.UpstreamRefused, "the upstream did not accept the gateway's login", said);
        }

        bool concernsClient = !refused.NamedAccount && error is { SqlState.Length: 5, Message: not null }
            && error.SqlState[..2] is "3D" or "53" or "57" or "22" or "55";
        return new Refusal(
            error.SqlState == SqlState.InvalidCatalogName ? SessionEnd.UnknownTarget
                : error.SqlState == SqlState.TooManyConnections ? SessionEnd.LimitReached : SessionEnd.UpstreamRefused,
            concernsClient ? $"the upstream refused the session: {error.Message}" : "the upstream refused the session",
            said);
    }
}
