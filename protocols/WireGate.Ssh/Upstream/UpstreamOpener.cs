using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Upstream;

/// <summary>Opens an SSH session of an upstream, which must first prove to be the one that is known.</summary>
internal sealed class UpstreamOpener(SshServices services, KnownUpstreams knownUpstreams)
    : UpstreamAttempts<UpstreamCredential, UpstreamSession>(services.Audit, services.Time)
{
    /// <inheritdoc/>
    protected override async ValueTask<UpstreamCredential?> FetchAsync(Session session, bool fresh, CancellationToken limit) =>
        await UpstreamCredentials.FetchAsync(services.Secrets, session.Config.Secrets, session.Access!.Login, $"{session.ProvenCaller.Identity} {session.Id}", services.Time, fresh, limit);

    /// <inheritdoc/>
    protected override async ValueTask<UpstreamAttempt<UpstreamSession>> LogInAsync(
        Session session, Connection connection, Address address, UpstreamCredential? credential, CancellationToken turn)
    {
        KnownHost known;
        try
        {
            known = await knownUpstreams.OfAsync(session.Access!.Target, address);
        }
        catch (Exception e) when (e is KeyFileException or IOException or UnauthorizedAccessException)
        {
            await session.Loop.Switch();
            return NotTrusted($"{address}: what it may prove itself by cannot be read: {e.Message}");
        }

        await session.Loop.Switch();
        SshTransport? transport = TransportTo(connection, known, services.Time);
        try
        {
            if (!await transport.OpenAsync())
            {
                // Unless it was the clock that closed it, which whoever catches this knows.
                throw new IOException(Left(transport, "it closed before the keys were exchanged"));
            }

            var authentication = new UpstreamAuthentication(transport, credential!);
            string? why = await authentication.RunAsync();
            if (why is not null)
            {
                transport.Disconnect(DisconnectReason.SSH_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE, "");
                return new(null, new Refusal(SessionEnd.UpstreamRefused, "the upstream did not accept the gateway's login", $"{address}: {why}"), HasTriedCredential: true);
            }

            var opened = new UpstreamSession(connection, transport, authentication.Banners);
            transport = null;
            return new(opened, null);
        }
        catch (HostKeyRefusedException e)
        {
            transport!.Disconnect(DisconnectReason.SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE, "the host key is not one that is known");
            return NotTrusted($"{address}: {e.Message}");
        }
        catch (ProtocolException e) when (e.Peer == Peer.Upstream)
        {
            transport!.Disconnect(e);
            throw;
        }
        finally
        {
            transport?.Dispose();
        }
    }

    /// <summary>The leg to an upstream of which this is known.</summary>
    public static SshTransport TransportTo(Connection connection, KnownHost known, TimeProvider time) => SshTransport.ToUpstream(
        connection, known.SignatureAlgorithms, (key, certificate) => known.WhyRefused(key, certificate, time.GetUtcNow()));

    private static string Left(SshTransport transport, string otherwise) => transport.Disconnected is { } said ? $"it disconnected: {said.Text}" : otherwise;

    private static UpstreamAttempt<UpstreamSession> NotTrusted(string detail) =>
        new(null, new Refusal(SessionEnd.UpstreamNotTrusted, "the upstream is not the one that is known", detail));
}
