using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;

namespace WireGate.Postgres.Upstream;

/// <summary>
/// Opens the upstream's session: fetches the credential, goes through the target's addresses, and once more with a fresh credential
/// where a cached one was refused, since it may just have been rotated.
/// </summary>
internal sealed class UpstreamOpener(PostgresServices services, UpstreamConnector connector, UpstreamLogin login)
{
    private static readonly Action<object?> Cancel = static source => ((CancellationTokenSource)source!).Cancel();

    private readonly long _start = services.Time.GetTimestamp();

    /// <summary>Opens it, within the limit for all addresses together.</summary>
    /// <param name="session">Whose end cancels the attempt.</param>
    /// <param name="request">What to log in with.</param>
    /// <param name="authorization">The audit record that must be on disk before the credential is used.</param>
    public async ValueTask<(UpstreamSession? Session, Refusal? Refusal)> OpenAsync(
        Session session, LoginRequest request, AuditPosition authorization)
    {
        using var limit = new CancellationTokenSource(ShareOf(session, 1), services.Time);
        await using CancellationTokenRegistration ended = session.HandshakeToken.UnsafeRegister(Cancel, limit);
        (UpstreamSession? opened, Refusal? refusal, bool maybeStale) = await TryOpenAsync(session, request, authorization, fresh: false, limit.Token);
        if (opened is null && maybeStale)
        {
            (opened, refusal, _) = await TryOpenAsync(session, request, authorization, fresh: true, limit.Token);
        }

        return (opened, refusal);
    }

    private async ValueTask<(UpstreamSession? Session, Refusal? Refusal, bool MaybeStale)> TryOpenAsync(
        Session session, LoginRequest request, AuditPosition authorization, bool fresh, CancellationToken limit)
    {
        Secret? password = null;
        if (session.Access!.Login.Password is { } name)
        {
            try
            {
                password = await UpstreamPassword.FetchAsync(services.Secrets, name, fresh, limit);
            }
            catch (Exception e) when (e is SecretUnavailableException or OperationCanceledException)
            {
                await session.Loop.Switch();
                session.HandshakeToken.ThrowIfCancellationRequested();
                return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", e.Message), false);
            }

            await session.Loop.Switch();
        }

        using (password)
        {
            Refusal? last = null;
            int left = request.Target.Addresses.Length;
            foreach (Address address in request.Target.Addresses)
            {
                // An address that swallows everything must leave the others their share of the time.
                using var turn = new CancellationTokenSource(ShareOf(session, left--), services.Time);
                await using CancellationTokenRegistration ended = session.HandshakeToken.UnsafeRegister(Cancel, turn);
                (UpstreamSession? opened, last, bool askedForPassword, bool tryNext) =
                    await TryAddressAsync(session, request, address, password, authorization, turn.Token);
                if (opened is not null || askedForPassword || !tryNext)
                {
                    return (opened, last, askedForPassword && password is not null && !fresh);
                }
            }

            return (null, last, false);
        }
    }

    private async ValueTask<(UpstreamSession? Session, Refusal? Refusal, bool AskedForPassword, bool TryNext)> TryAddressAsync(
        Session session, LoginRequest request, Address address, Secret? password, AuditPosition authorization,
        CancellationToken turn)
    {
        Connection? connection = null;
        await session.Loop.Switch();
        try
        {
            connection = await connector.ConnectAsync(session.Loop, request.Target, address, turn);

            // While the connection was made the disk had its time; the credential waits for it.
            await services.Audit.WhenDurableAsync(authorization).AsTask().WaitAsync(turn);
            await session.Loop.Switch();

            UpstreamSession? opened;
            UpstreamError? error;
            await using (turn.UnsafeRegister(static c => ((Connection)c!).Abort(), connection))
            {
                (opened, error) = await login.RunAsync(connection, address, request, password, turn);
            }

            if (opened is not null)
            {
                connection = null;
                return (opened, null, false, false);
            }

            bool starting = error!.Error.SqlState == SqlState.CannotConnectNow;
            return (null, RefusalOf(error, address), error.AskedForPassword && IsCredentialRefused(error.Error), starting);
        }
        catch (ProtocolException e) when (e.Peer == Peer.Upstream && !turn.IsCancellationRequested)
        {
            return (null, new Refusal(SessionEnd.UpstreamNotTrusted, "the upstream is not what it should be", $"{address}: {e.Message}"), false, false);
        }
        catch (Exception e) when (e is IOException or ProtocolException or ObjectDisposedException or OperationCanceledException)
        {
            // What is cut by the clock fails in as many ways as there are places to be cut in.
            session.HandshakeToken.ThrowIfCancellationRequested();
            string why = turn.IsCancellationRequested ? "no answer in time" : e.Message;
            return (null, new Refusal(SessionEnd.UpstreamUnreachable, "the upstream cannot be reached", $"{address}: {why}"), false, true);
        }
        finally
        {
            await session.Loop.Switch();
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private TimeSpan ShareOf(Session session, int shares)
    {
        TimeSpan left = session.Config.Limits.Connect - services.Time.GetElapsedTime(_start);
        return left > TimeSpan.Zero ? left / shares : TimeSpan.Zero;
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
