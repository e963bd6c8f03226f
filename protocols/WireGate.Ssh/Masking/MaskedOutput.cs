using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Masking;

/// <summary>What one channel sends to the client, masked: stdout and stderr each for itself. On the session's loop.</summary>
internal sealed class MaskedOutput : IDisposable
{
    private readonly MaskedStream _stdout;
    private readonly MaskedStream _stderr;

    private MaskedOutput(MaskedStream stdout, MaskedStream stderr) => (_stdout, _stderr) = (stdout, stderr);

    /// <summary>Of what was just allowed.</summary>
    /// <returns>Null: nothing of its output is masked.</returns>
    public static MaskedOutput? Of(
        MaskSet masks, SshOperation operation, Channel channel, SshTransport client, SshTransport upstream, EventLoop loop, TimeProvider time, Action<Exception> fail)
    {
        // Here it is taken apart and put together again, so what a file has in it is between lengths.
        bool isSftp = operation is SshSubsystem { Name: SshSubsystem.Sftp };

        // One that is overwritten may break: a mask has to ask for it.
        bool copies = operation is SshExec exec && CopyCommand.IsStream(exec);
        ImmutableArray<MaskConfig> looking = isSftp ? [] : [.. masks.Masks.Where(m => !m.Detect.IsEmpty && (m.LooksAtBinary || !copies))];
        return looking.IsEmpty ? null : new MaskedOutput(Stream(isStderr: false), Stream(isStderr: true));

        MaskedStream Stream(bool isStderr) => new(channel, client, upstream, isStderr, looking, loop, time, fail);
    }

    /// <summary>Sends what the client may see of a SSH_MSG_CHANNEL_DATA or SSH_MSG_CHANNEL_EXTENDED_DATA.</summary>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public void Take(SshMessage kind, ReadOnlySpan<byte> payload) =>
        (kind == SshMessage.SSH_MSG_CHANNEL_DATA ? _stdout : _stderr).Take(ConnectionMessages.DataOf(Peer.Upstream, kind, payload));

    /// <summary>Sends what is kept back.</summary>
    public void Flush()
    {
        _stdout.Flush();
        _stderr.Flush();
    }

    /// <summary>Nothing may follow any more.</summary>
    public void Dispose()
    {
        _stdout.Dispose();
        _stderr.Dispose();
    }
}
