using System.Buffers;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Relaying;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Masking;

/// <summary>One stream of a channel's output, masked, and when what is kept back of it is shown. On the session's loop.</summary>
internal sealed class MaskedStream : IDisposable
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
    private readonly bool _isStderr;
    private readonly OutputMask _mask;
    private readonly ArrayBufferWriter<byte> _shown = new();
    private readonly EventLoop _loop;
    private readonly Action<Exception> _fail;
    private readonly ITimer _timer;
    private int _timesLeft;
    private int _arrived;
    private int _seen;
    private bool _wasHeldUp;
    private bool _isEnded;

    public MaskedStream(
        Channel channel, SshTransport client, SshTransport upstream, bool isStderr, ImmutableArray<MaskConfig> masks, EventLoop loop, TimeProvider time,
        Action<Exception> fail)
    {
        (_channel, _client, _upstream, _isStderr, _mask, _loop, _fail) = (channel, client, upstream, isStderr, new OutputMask(masks), loop, fail);
        _timer = time.CreateTimer(static self => ((MaskedStream)self!).FlushLater(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // A line that goes on is cut by windows, by a client that does not read, and by an exchange of keys.
    private bool IsHeldUp => _channel.FromUpstream.IsUsedUp || !_upstream.IsWaiting || _upstream.IsExchanging;

    /// <summary>Sends what the client may see by now.</summary>
    public void Take(ReadOnlySpan<byte> data)
    {
        _mask.Take(data, _shown);
        Send();
        _arrived++;
        if (_timesLeft == 0 && _mask.HasKept)
        {
            _timesLeft = MostTimes;
            Wait(Patience);
        }
    }

    /// <summary>Sends what is kept back.</summary>
    public void Flush()
    {
        _mask.Flush(_shown);
        Send();
    }

    /// <summary>Nothing may follow any more.</summary>
    public void Dispose()
    {
        _isEnded = true;
        _timer.Dispose();
    }

    private void Send()
    {
        if (_shown.WrittenCount > 0)
        {
            _channel.Recording?.Output(_shown.WrittenSpan, _isStderr);
        }

        int most = (int)Math.Min(Math.Max(_channel.FromUpstream.MostInPacket, 1), 32 * 1024);
        for (ReadOnlySpan<byte> left = _shown.WrittenSpan; !left.IsEmpty; left = left[Math.Min(most, left.Length)..])
        {
            ReadOnlySpan<byte> part = left[..Math.Min(most, left.Length)];
            _client.Send(_isStderr ? ConnectionMessages.OnStderr(_channel.ClientNumber, part) : ConnectionMessages.Data(_channel.ClientNumber, part));
        }

        _shown.ResetWrittenCount();
    }

    private void FlushLater() => _loop.Post(
        static state =>
        {
            var self = (MaskedStream)state!;
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

    private void OnPatienceOver()
    {
        if (!_mask.HasKept)
        {
            (_timesLeft, _wasHeldUp) = (0, false);
            return;
        }

        bool isHeldUp = IsHeldUp;
        if (isHeldUp || _wasHeldUp)
        {
            _wasHeldUp = isHeldUp;
            Wait(PatienceWithFlow);
        }
        else if (_arrived == _seen)
        {
            _timesLeft = 0;
            Flush();
        }
        else
        {
            if (--_timesLeft == 0)
            {
                _mask.FlushOld(_shown);
                Send();
                _timesLeft = MostTimes;
            }

            Wait(Patience);
        }

        _client.StartFlush();
    }
}
