using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;
using WireGate.Ssh.Upstream;

namespace WireGate.Ssh;

/// <summary>
/// From the version line to SSH_MSG_USERAUTH_SUCCESS, in the order in which trust is earned: the client proves itself, what it may reach is
/// chosen, that is written down, and only then the real credential is fetched and used. The client hears that it is in last.
/// </summary>
internal sealed partial class Handshake(SshServices services, ListenerKeys listenerKeys, KnownUpstreams knownUpstreams, UpstreamTroubles troubles, DecisionPoint point)
{
    // Who is refused is let go by itself for so long, and for so many tries; who is told why it ends takes that within the same time.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);
    private const int MostLeaving = 4;

    // What an agent full of keys runs into.
    private const string TooManyKeys = "none of so many keys was accepted, name one: ssh -i FILE -o IdentitiesOnly=yes";

    private readonly ClientAuthorization _authorization = new(services.Placeholders, services.Admission);

    /// <returns>Null: there is no session to relay. Its end has its reason, and the client has been told.</returns>
    public async ValueTask<SessionRelay?> RunAsync(Session session)
    {
        HostKeys keys;
        try
        {
            keys = await listenerKeys.OfAsync(session.Listener);
            await session.Loop.Switch();
        }
        catch (Exception e) when (e is SecretUnavailableException or KeyFileException)
        {
            await session.Loop.Switch();
            session.TryRefuse(new Refusal(SessionEnd.CredentialUnavailable, "", $"the listener's host keys: {e.Message}"), services.Audit);
            services.Logger.HostKeysUnavailable(session.Listener.Name, e.Message);
            return null;
        }

        SshTransport? client = SshTransport.ToClient(session.Client, keys);
        SshTransport leg = client;
        session.Interrupt = () =>
        {
            session.SetDeadline(Farewell);
            leg.StopReceiving();
        };
        try
        {
            SessionRelay? relay = await OpenAsync(session, client);
            client = relay is null ? client : null;
            return relay;
        }
        catch (ProtocolException e) when (e.Peer == Peer.Client && session.End == SessionEnd.None)
        {
            if (session.TryRefuse(new Refusal(SessionEnd.ClientBrokeProtocol, "protocol violation", e.Message), services.Audit))
            {
                leg.Disconnect(e);
            }

            return null;
        }
        catch (AuditFailedException e)
        {
            await session.Loop.Switch();
            session.TryEnd(SessionEnd.AuditFailed, e.Message);
            return null;
        }
        finally
        {
            if (client is not null)
            {
                // Whoever left by itself needs no reason, and a fault of ours is not explained.
                if (session.End is not (SessionEnd.None or SessionEnd.ClientClosed or SessionEnd.NoSession))
                {
                    client.Disconnect(Refusals.ReasonOf(session.End), Refusals.Farewell(session.End));
                }

                await client.FlushAsync();
                client.Dispose();
            }
        }
    }

    private async ValueTask<SessionRelay?> OpenAsync(Session session, SshTransport client)
    {
        if (!await client.OpenAsync())
        {
            session.TryEnd(SessionEnd.NoSession);
            return null;
        }

        session.IsOpened = true;
        services.Audit.Append(session.Event(AuditEventKind.SessionOpened));
        if (session.Full is { } full)
        {
            return await RefuseAsync(session, client, new Refusal(SessionEnd.LimitReached, full, full));
        }

        // People type, and look for what they have to type.
        session.SetDeadline(session.Config.Limits.LoginGrace);
        ClientProof? answered = await new ClientAuthentication(client, services.Placeholders, services.Time, UserKeys.Of(session.Config)).RunAsync(session);
        if (answered is not { } proof)
        {
            session.TryEnd(SessionEnd.ClientClosed, "before it proved anything");
            return null;
        }

        if (session.End != SessionEnd.None)
        {
            return null;
        }

        session.Caller = proof.Verdict == PlaceholderVerdict.Unknown ? null : proof.Caller;
        session.Method = proof.Method;
        if (proof.Verdict != PlaceholderVerdict.Ok || session.Caller is not { } caller)
        {
            return await RefuseAsync(session, client, proof.KeyProblem is { } problem
                ? _authorization.NotProven(session, proof.IsLast ? TooManyKeys : "the key was not accepted", problem)
                : _authorization.NotProven(session, proof.Verdict, proof.Placeholder?.Id));
        }

        if (await _authorization.AuthorizeAsync(session, caller, () => Choose(session, proof.User)) is { } refusal)
        {
            return await RefuseAsync(session, client, refusal);
        }

        return session.Access!.Grant.Hold is null ? await ReachAsync(session, client, proof) : await ReachWhenApprovedAsync(session, client, proof);
    }

    private static Refusal? Choose(Session session, byte[] user)
    {
        session.Access = null;
        GatewayConfig config = session.Config;
        if (TargetChoice.Of(session.Listener.Target, user, config.Targets, out string why) is not { } target)
        {
            return new Refusal(SessionEnd.UnknownTarget, "no such target", why);
        }

        Caller caller = session.ProvenCaller;
        session.Access = AccessChoice.Of(config, caller, target);
        return session.Access is not null ? null : new Refusal(
            SessionEnd.NotGranted, $"not granted: target \"{target.Name}\"",
            caller.StillStands(config)
                ? $"no grant gives {caller.Identity} the target \"{target.Name}\", or the placeholder is not bound to it"
                : $"a reload took away the key of {caller.Identity}");
    }

    /// <summary>
    /// Whoever is not let in hears what every SSH client understands, that nothing else may be tried, with a line before it; where it is not
    /// the client's doing, the connection ends with the reason.
    /// </summary>
    private async ValueTask<SessionRelay?> RefuseAsync(Session session, SshTransport client, Refusal refusal)
    {
        if (!session.TryRefuse(refusal, services.Audit))
        {
            return null;
        }

        string line = $"{refusal.Message} (ref {refusal.Reference})";
        if (refusal.End is SessionEnd.AuthenticationFailed or SessionEnd.NotGranted or SessionEnd.UnknownTarget)
        {
            Say(client, $"wiregate: {line}\r\n");
            session.SetDeadline(Farewell);
            await LetLeaveAsync(client);
        }
        else
        {
            client.Disconnect(Refusals.ReasonOf(refusal.End), line);
        }

        return null;
    }

    // OpenSSH tries one more method of a list that is empty, and says "Permission denied" only when that has failed, too.
    private static async ValueTask LetLeaveAsync(SshTransport client)
    {
        for (int i = 0; i < MostLeaving; i++)
        {
            using var failure = new SshWriter();
            failure.Byte((byte)SshMessage.SSH_MSG_USERAUTH_FAILURE).String("").Boolean(false);
            client.Send(failure.WrittenSpan);
            if (!await client.ReadAsync() || client.Kind != SshMessage.SSH_MSG_USERAUTH_REQUEST)
            {
                return;
            }
        }
    }
}
