using System.Net;
using Microsoft.Extensions.Logging;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Core.Sessions;

/// <summary>
/// Serves the connections of one listener: lets them in, runs the protocol, and sees to it that each session ends once, with one
/// reason, in the audit log. The one place where an exception of ours is caught.
/// </summary>
public sealed class SessionServer(
    Func<ListenerConfig> currentListener, IProtocol protocol, Func<GatewayConfig> config, Admission admission, SessionDirectory sessions,
    TurnedAway turnedAway, IAuditLog audit, TimeProvider time, ILogger<SessionServer> logger)
{
    /// <summary>Takes over a connection. Never throws, never waits.</summary>
    public void Serve(Connection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // Its certificate, its target and its ways of authenticating may change with a reload; its address does not.
        ListenerConfig listener = currentListener();
        GatewayConfig current = config();
        IPAddress? source = (connection.Remote as IPEndPoint)?.Address;
        if (admission.TryEnter(listener.Name, source, current.Limits, out string? full) is { } refused)
        {
            // Not a byte was read and none is written: whoever floods gets nothing for it.
            turnedAway.Count(listener.Name, source, refused);
            connection.Abort();
            return;
        }

        Session session = Begin(listener, connection, full);
        _ = RunAsync(session);
        if (sessions.IsDraining)
        {
            // Its connection was taken while the listeners were being closed.
            session.LetFinish();
        }
    }

    /// <summary>Counts a connection that was closed before it was taken over. Never throws, never waits.</summary>
    public void TurnAway(EndPoint? remote) =>
        turnedAway.Count(currentListener().Name, (remote as IPEndPoint)?.Address, "descriptors run short (LimitNOFILE)");

    private Session Begin(ListenerConfig listener, Connection connection, string? full)
    {
        var session = new Session(listener, config, connection, time) { Full = full };
        session.Succeed = () => Succeed(session);
        sessions.Add(session);
        session.SetDeadline(session.Config.Limits.Authentication);
        return session;
    }

    /// <summary>A client that goes on as somebody else, or elsewhere: it comes in as any other does, but that its connection is there.</summary>
    private Session? Succeed(Session ended)
    {
        if (admission.TryEnter(ended.Listener.Name, ended.SourceAddress, config().Limits, out string? full) is not null)
        {
            return null;
        }

        ended.TryEnd(SessionEnd.ClientClosed, "its client goes on with another placeholder or target");
        ended.Dispose();
        Leave(ended);
        Session next = Begin(currentListener(), ended.Client, full);
        next.Drain = ended.Drain;
        return ended.Successor = next;
    }

    private async Task RunAsync(Session session)
    {
        try
        {
            await protocol.RunAsync(session);
        }
        catch (ProtocolException e)
        {
            session.Last.TryEnd(e.Peer == Peer.Client ? SessionEnd.ClientBrokeProtocol : SessionEnd.UpstreamBrokeProtocol, e.Message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            session.Last.TryEnd(SessionEnd.ClientClosed, e.Message);
        }
        catch (AuditFailedException e)
        {
            session.Last.TryEnd(SessionEnd.AuditFailed, e.Message);
        }
        catch (Exception e)
        {
            session.Last.TryEnd(SessionEnd.InternalError, e.GetType().Name);
            logger.SessionFailed(session.Last.Id, e);
        }

        await session.Loop.Switch();
        await CloseAsync(session.Last);
    }

    private async ValueTask CloseAsync(Session session)
    {
        session.TryEnd(SessionEnd.ClientClosed);
        session.Dispose();
        await CloseAsync(session, session.Upstream);
        await CloseAsync(session, session.Client);
        Leave(session);
    }

    private void Leave(Session session)
    {
        Penalize(session);
        admission.Leave(session.Listener.Name, session.SourceAddress, session.AdmittedIdentity);
        if (session.End != SessionEnd.NoSession && (session.IsOpened || !session.IsRefused))
        {
            try
            {
                audit.Append(session.EndEvent());
            }
            catch (AuditFailedException e)
            {
                logger.SessionEndNotAudited(session.Id, e.Message);
            }

            logger.SessionEnded(session.Id, session.End);
        }

        // Last: whoever waits for the sessions to be gone closes the books next.
        sessions.Remove(session);
    }

    /// <summary>Who leaves records and proves nothing pays for them; a failed proof has been paid for where it failed.</summary>
    private void Penalize(Session session)
    {
        switch (session.End)
        {
            case SessionEnd.ClientBrokeProtocol or SessionEnd.FeatureRefused when session.Caller is null:
                admission.Penalize(session.SourceAddress, session.Config.Limits);
                break;
            case SessionEnd.ClientClosed or SessionEnd.HandshakeTimeout when session.Caller is null:
                admission.PenalizeSilence(session.SourceAddress, session.Config.Limits);
                break;
        }
    }

    private async ValueTask CloseAsync(Session session, Connection? connection)
    {
        try
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
        catch (Exception e)
        {
            logger.SessionFailed(session.Id, e);
        }
    }
}
