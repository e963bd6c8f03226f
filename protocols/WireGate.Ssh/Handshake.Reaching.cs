using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;
using WireGate.Ssh.Upstream;

namespace WireGate.Ssh;

/// <content>Reaches the upstream, at once or once people have approved it.</content>
internal sealed partial class Handshake
{
    /// <summary>The client waits for the answer to its login, and reads banners meanwhile.</summary>
    private async ValueTask<SessionRelay?> ReachWhenApprovedAsync(Session session, SshTransport client, ClientProof proof)
    {
        var held = new HeldSession(session, services.Approvals, services.Time, notice =>
        {
            Say(client, $"wiregate: {notice.Message}{(notice.Detail is { } detail ? $" ({detail})" : "")}. {notice.Hint}\r\n");
            return client.FlushAsync().AsTask();
        });
        (Approval? approval, Refusal? refusal) = await held.WaitAsync(session.Access!.Grant.Hold!, session.Lifetime);
        SessionRelay? relay = null;
        try
        {
            if (session.End != SessionEnd.None)
            {
                return null;
            }

            // People take their time: what is granted now counts.
            while (refusal is null && session.TakeConfig())
            {
                refusal = Choose(session, proof.User) ?? held.Judge(approval!, session.Access!.Grant.Hold, session.Lifetime);
            }

            relay = refusal is null ? await ReachAsync(session, client, proof, approval!.Id) : await RefuseAsync(session, client, refusal);
            return relay;
        }
        finally
        {
            if (approval is not null)
            {
                held.Complete(approval.Id, relay is not null);
            }
        }
    }

    private async ValueTask<SessionRelay?> ReachAsync(Session session, SshTransport client, ClientProof proof, string? approval = null)
    {
        // The identity is proven; from here on the limit is the upstream's, and the opener keeps it.
        session.Phase = SessionPhase.Connecting;
        session.SetDeadline(null);
        AuditPosition written = services.Audit.Append(session.Event(AuditEventKind.SessionAuthenticated) with { Approval = approval });
        UpstreamSession? upstream = null;
        Refusal? refusal = null;

        // Whoever ends the session now wakes us by its token; the client, which waits for an answer, gets one.
        session.Interrupt = static () => { };
        try
        {
            (upstream, refusal) = await new UpstreamOpener(services, knownUpstreams).OpenAsync(session, written);
        }
        catch (OperationCanceledException) when (session.End != SessionEnd.None)
        {
            // The reason was given with the end.
        }
        finally
        {
            await session.Loop.Switch();
            session.Interrupt = null;
        }

        session.SetDeadline(session.Config.Limits.Authentication);
        session.Upstream = upstream?.Connection;
        if (session.End != SessionEnd.None)
        {
            upstream?.Transport.Dispose();
            return null;
        }

        if (upstream is null)
        {
            troubles.Tell(session.Access!, refusal!);
            return await RefuseAsync(session, client, refusal!);
        }

        // Before the client hears that it is in: whoever ends the session from then on finds somebody to say so.
        var relay = new SessionRelay(session, client, upstream.Transport, services, point, proof.Terms);
        foreach (string banner in upstream.Banners)
        {
            Say(client, banner);
        }

        client.Send([(byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS]);
        client.IsAuthenticated = true;
        client.StartFlush();
        session.HandshakeDone();
        if (session.Lifetime is { } lifetime)
        {
            session.SetDeadline(lifetime, SessionEnd.Expired);
        }

        return relay;
    }

    /// <summary>SSH_MSG_USERAUTH_BANNER (RFC 4252 section 5.4).</summary>
    private static void Say(SshTransport client, string text)
    {
        using var banner = new SshWriter();
        banner.Byte((byte)SshMessage.SSH_MSG_USERAUTH_BANNER).String(text).String("");
        client.Send(banner.WrittenSpan);
    }
}
