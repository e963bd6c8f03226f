using System.Buffers;
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
    // A prompt has no end of line, and somebody waits to read it. What is typed is echoed key by key, and seen by nobody as a whole.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    // Where nothing could come, the rest of a line may be on its way: longer than a window takes to be told of, and data to come back.
    private static readonly TimeSpan PatienceWithFlow = TimeSpan.FromSeconds(1);

    // A line to which something is added all the time is shown all the same, but for what came last.
    private const int MostTimes = 10;

    private readonly Channel _channel;
    private readonly SshTransport _client;
    private readonly SshTransport _upstream;
    private readonly OutputMask _stdout;
    private readonly OutputMask _stderr;
    private readonly ArrayBufferWriter<byte> _shown = new();
    private readonly EventLoop _loop;
    private readonly Action<Exception> _fail;
    private readonly ITimer _timer;
    private int _timesLeft;
    private int _arrived;
    private int _seen;
    private bool _wasHeldUp;
    private bool _isEnded;

    private MaskedOutput(
        Channel channel, SshTransport client, SshTransport upstream, ImmutableArray<MaskConfig> masks, EventLoop loop, TimeProvider time, Action<Exception> fail)
    {
        (_channel, _client, _upstream, _loop, _fail) = (channel, client, upstream, loop, fail);
        (_stdout, _stderr) = (new OutputMask(masks), new OutputMask(masks));
        _timer = time.CreateTimer(static self => ((MaskedOutput)self!).FlushLater(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

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
        return looking.IsEmpty ? null : new MaskedOutput(channel, client, upstream, looking, loop, time, fail);
    }

    private bool HasKept => _stdout.HasKept || _stderr.HasKept;

    /// <summary>Sends what the client may see of a SSH_MSG_CHANNEL_DATA or SSH_MSG_CHANNEL_EXTENDED_DATA.</summary>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public void Take(SshMessage kind, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> data = ConnectionMessages.DataOf(Peer.Upstream, kind, payload);
        OutputMask mask = kind == SshMessage.SSH_MSG_CHANNEL_DATA ? _stdout : _stderr;
        mask.Take(data, _shown);
        Send(mask);
        _arrived++;
        if (_timesLeft == 0 && HasKept)
        {
            _timesLeft = MostTimes;
            Wait(Patience);
        }
    }

    /// <summary>Sends what is kept back.</summary>
    public void Flush()
    {
        foreach (OutputMask mask in (ReadOnlySpan<OutputMask>)[_stdout, _stderr])
        {
            mask.Flush(_shown);
            Send(mask);
        }
    }

    /// <summary>Nothing may follow any more.</summary>
    public void Dispose()
    {
        _isEnded = true;
        _timer.Dispose();
    }

    private void Send(OutputMask mask)
    {
        if (_shown.WrittenCount > 0)
        {
            _channel.Recording?.Output(_shown.WrittenSpan, ReferenceEquals(mask, _stderr));
        }

        int most = (int)Math.Min(Math.Max(_channel.FromUpstream.MostInPacket, 1), 32 * 1024);
        for (ReadOnlySpan<byte> left = _shown.WrittenSpan; !left.IsEmpty; left = left[Math.Min(most, left.Length)..])
        {
            ReadOnlySpan<byte> part = left[..Math.Min(most, left.Length)];
            _client.Send(ReferenceEquals(mask, _stdout)
                ? ConnectionMessages.Data(_channel.ClientNumber, part)
                : ConnectionMessages.OnStderr(_channel.ClientNumber, part));
        }

        _shown.ResetWrittenCount();
    }

    private void FlushLater() => _loop.Post(
        static state =>
        {
            var self = (MaskedOutput)state!;
            if (self._isEnded)
            {
                return;
            }

            try
            {
                self.OnPatienceOver();
            }
            catch (Exception e)
            {
                // The loop would go on as if nothing were: nobody waits for this.
                self._fail(e);
            }
        },
        this);

    private void Wait(TimeSpan patience)
    {
        _seen = _arrived;
        _timer.Change(patience, Timeout.InfiniteTimeSpan);
    }

    // A line that goes on is cut by windows, by a client that does not read, and by an exchange of keys.
    private bool IsHeldUp => _channel.FromUpstream.IsUsedUp || !_upstream.IsWaiting || _upstream.IsExchanging;

    private void OnPatienceOver()
    {
        bool isHeldUp = HasKept && IsHeldUp;
        if (isHeldUp || (HasKept && _wasHeldUp))
        {
            _wasHeldUp = isHeldUp;
            Wait(PatienceWithFlow);
            return;
        }

        bool goesOn = _arrived != _seen;
        if (HasKept && goesOn && --_timesLeft > 0)
        {
            Wait(Patience);
            return;
        }

        if (!goesOn)
        {
            _timesLeft = 0;
            Flush();
        }
        else
        {
            foreach (OutputMask mask in (ReadOnlySpan<OutputMask>)[_stdout, _stderr])
            {
                mask.FlushOld(_shown);
                Send(mask);
            }

            _timesLeft = HasKept ? MostTimes : 0;
            if (HasKept)
            {
                Wait(Patience);
            }
        }

        _client.StartFlush();
    }
}
