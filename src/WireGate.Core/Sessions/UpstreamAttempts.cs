using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Core.Sessions;

/// <summary>What came of one attempt to log in.</summary>
/// <typeparam name="TUpstream">What a session of the upstream is.</typeparam>
/// <param name="Opened">The session, which owns the connection now; null: there is none.</param>
/// <param name="Refusal">Why there is none.</param>
/// <param name="HasTriedCredential">The upstream refused while it judged the credential, so no other address will do.</param>
/// <param name="TryNext">Another address may do.</param>
public readonly record struct UpstreamAttempt<TUpstream>(TUpstream? Opened, Refusal? Refusal, bool HasTriedCredential = false, bool TryNext = false)
    where TUpstream : class;

/// <summary>
/// Opens the upstream's session: fetches the credential, goes through the target's addresses, and once more with a fresh credential
/// where a cached one was refused, since it may just have been rotated.
/// </summary>
/// <typeparam name="TCredential">What is logged in with.</typeparam>
/// <typeparam name="TUpstream">What a session of the upstream is.</typeparam>
/// <param name="audit">Its record must be on disk before the credential is used.</param>
/// <param name="time">The clock. The time for all addresses together begins now.</param>
public abstract class UpstreamAttempts<TCredential, TUpstream>(IAuditLog audit, TimeProvider time)
    where TCredential : class, IDisposable
    where TUpstream : class
{
    private static readonly Action<object?> Cancel = static source => ((CancellationTokenSource)source!).Cancel();

    private readonly long _start = time.GetTimestamp();

    /// <summary>Opens it, within the limit for all addresses together. On the session's loop.</summary>
    /// <param name="session">Whose end cancels the attempt, and whose access is meant.</param>
    /// <param name="authorization">The audit record that must be on disk before the credential is used.</param>
    /// <returns>Exactly one of them.</returns>
    /// <exception cref="OperationCanceledException">The session has ended.</exception>
    public async ValueTask<(TUpstream? Upstream, Refusal? Refusal)> OpenAsync(Session session, AuditPosition authorization)
    {
        ArgumentNullException.ThrowIfNull(session);
        using var limit = new CancellationTokenSource(ShareOf(session, 1), time);
        await using CancellationTokenRegistration ended = session.HandshakeToken.UnsafeRegister(Cancel, limit);
        (TUpstream? opened, Refusal? refusal, bool maybeStale) = await TryAllAsync(session, authorization, fresh: false, limit.Token);
        if (opened is null && maybeStale)
        {
            (opened, refusal, _) = await TryAllAsync(session, authorization, fresh: true, limit.Token);
        }

        return (opened, refusal);
    }

    /// <summary>Fetches the credential of the session's login; its continuation may be anywhere.</summary>
    /// <returns>Owned by the caller; null: the login has none.</returns>
    /// <exception cref="SecretUnavailableException">It cannot be had.</exception>
    protected abstract ValueTask<TCredential?> FetchAsync(Session session, bool fresh, CancellationToken limit);

    /// <summary>Connects to one address, as the target demands.</summary>
    protected virtual ValueTask<Connection> ConnectAsync(Session session, Address address, CancellationToken turn)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(address);
        return session.Loop.ConnectAsync(address.ToEndPoint(), turn);
    }

    /// <summary>Logs in over a connection, which is aborted when the turn is over.</summary>
    /// <exception cref="ProtocolException">The upstream is not what it should be.</exception>
    /// <exception cref="IOException">It closed.</exception>
    protected abstract ValueTask<UpstreamAttempt<TUpstream>> LogInAsync(
        Session session, Connection connection, Address address, TCredential? credential, CancellationToken turn);

    private async ValueTask<(TUpstream? Upstream, Refusal? Refusal, bool MaybeStale)> TryAllAsync(
        Session session, AuditPosition authorization, bool fresh, CancellationToken limit)
    {
        TCredential? credential;
        try
        {
            credential = await FetchAsync(session, fresh, limit);
            await session.Loop.Switch();
        }
        catch (Exception e) when (e is SecretUnavailableException or OperationCanceledException)
        {
            await session.Loop.Switch();
            session.HandshakeToken.ThrowIfCancellationRequested();
            return (null, new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", e.Message), false);
        }

        using (credential)
        {
            UpstreamAttempt<TUpstream> last = default;
            int left = session.Access!.Target.Addresses.Length;
            foreach (Address address in session.Access.Target.Addresses)
            {
                // An address that swallows everything must leave the others their share of the time.
                using var turn = new CancellationTokenSource(ShareOf(session, left--), time);
                await using CancellationTokenRegistration ended = session.HandshakeToken.UnsafeRegister(Cancel, turn);
                last = await TryAsync(session, address, credential, authorization, turn.Token);
                if (last.Opened is not null || last.HasTriedCredential || !last.TryNext)
                {
                    break;
                }
            }

            return (last.Opened, last.Refusal, last.HasTriedCredential && credential is not null && !fresh);
        }
    }

    private async ValueTask<UpstreamAttempt<TUpstream>> TryAsync(
        Session session, Address address, TCredential? credential, AuditPosition authorization, CancellationToken turn)
    {
        Connection? connection = null;
        await session.Loop.Switch();
        try
        {
            connection = await ConnectAsync(session, address, turn);

            // While the connection was made the disk had its time; the credential waits for it.
            await audit.WhenDurableAsync(authorization).AsTask().WaitAsync(turn);
            await session.Loop.Switch();

            UpstreamAttempt<TUpstream> attempt;
            await using (turn.UnsafeRegister(static c => ((Connection)c!).Abort(), connection))
            {
                attempt = await LogInAsync(session, connection, address, credential, turn);
            }

            connection = attempt.Opened is null ? connection : null;
            return attempt;
        }
        catch (ProtocolException e) when (e.Peer == Peer.Upstream && !turn.IsCancellationRequested)
        {
            return new(null, new Refusal(SessionEnd.UpstreamNotTrusted, "the upstream is not what it should be", $"{address}: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or ProtocolException or ObjectDisposedException or OperationCanceledException)
        {
            // What is cut by the clock fails in as many ways as there are places to be cut in.
            session.HandshakeToken.ThrowIfCancellationRequested();
            string why = turn.IsCancellationRequested ? "no answer in time" : e.Message;
            return new(null, new Refusal(SessionEnd.UpstreamUnreachable, "the upstream cannot be reached", $"{address}: {why}"), TryNext: true);
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
        TimeSpan left = session.Config.Limits.Connect - time.GetElapsedTime(_start);
        return left > TimeSpan.Zero ? left / shares : TimeSpan.Zero;
    }
}
