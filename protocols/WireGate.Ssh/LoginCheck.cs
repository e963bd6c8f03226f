using System.Collections.Frozen;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Ssh.Upstream;

namespace WireGate.Ssh;

/// <summary>Logs in to a target as a session would, to show that it can be done, and leaves at once.</summary>
public static class LoginCheck
{
    /// <summary>Tries one login at one address.</summary>
    /// <param name="loop">Moves the bytes.</param>
    /// <param name="target">Whose host keys are demanded.</param>
    /// <param name="login">The account.</param>
    /// <param name="address">One of the target's.</param>
    /// <param name="secrets">The real credentials.</param>
    /// <param name="configured">Says which key has a passphrase.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>Null: it is let in. Else why not.</returns>
    public static async ValueTask<string?> RunAsync(
        EventLoop loop, TargetConfig target, LoginConfig login, Address address, SecretProvider secrets,
        FrozenDictionary<string, SecretConfig> configured, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(login);
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(configured);
        try
        {
            using UpstreamCredential credential = await UpstreamCredentials.FetchAsync(secrets, configured, login, "wiregate check", TimeProvider.System, fresh: true, cancellationToken);
            KnownHost known = await new KnownUpstreams().OfAsync(target, address);
            await using Connection connection = await loop.ConnectAsync(address.ToEndPoint(), cancellationToken);
            await using CancellationTokenRegistration deadline = cancellationToken.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
            using SshTransport transport = UpstreamOpener.TransportTo(connection, known, TimeProvider.System);
            if (!await transport.OpenAsync())
            {
                return transport.Disconnected?.Text ?? "it closed before the keys were exchanged";
            }

            string? why = await new UpstreamAuthentication(transport, credential).RunAsync();
            transport.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
            await transport.FlushAsync();
            return why;
        }
        catch (Exception e) when (
            e is SecretUnavailableException or KeyFileException or HostKeyRefusedException or ProtocolException or IOException or UnauthorizedAccessException
                or ObjectDisposedException or OperationCanceledException)
        {
            return cancellationToken.IsCancellationRequested ? "no answer in time" : e.Message;
        }
    }
}
