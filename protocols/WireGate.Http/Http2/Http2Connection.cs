using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Http.Http2;

/// <summary>Which end of a connection this is.</summary>
internal enum Http2Role
{
    /// <summary>The one that is asked.</summary>
    Server = 0,

    /// <summary>The one that asks.</summary>
    Client,
}

/// <summary>
/// A connection of HTTP/2 (RFC 9113). It reads frames and hands their contents to streams; what streams have to send goes out in turns, as windows
/// allow. Everything is on the loop; there is one reader and one writer of the transport, both here.
/// </summary>
internal sealed partial class Http2Connection : IDisposable
{
    private readonly Http2Role _role;
    private readonly Peer _peer;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly TimeProvider _time;
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly ClosedStreams _closed = new();
    private readonly PeerSettings _settings;
    private readonly HpackDecoder _decoder;
    private readonly HpackEncoder _encoder = new();
    private PooledBuffer _flat;
    private Budget _glitches;
    private Budget _resets;
    private Http2Exception? _broken;
    private bool _isOver;
    private bool _isDisposed;
    private bool _hasPreface;
    private bool _hasSettings;
    private bool _isHeard;
    private int _last;

    /// <summary>Over the bytes of a transport, which stays the caller's.</summary>
    /// <param name="role">Which end this is.</param>
    /// <param name="loop">The session's.</param>
    /// <param name="input">What the peer sends, from its preface on.</param>
    /// <param name="output">What goes to the peer; nobody else writes.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="limits">What the peer may do.</param>
    public Http2Connection(Http2Role role, EventLoop loop, PipeReader input, PipeWriter output, TimeProvider time, Http2Limits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        (_role, Loop, _input, _output, _time, Limits) = (role, loop, input, output, time, limits);
        _peer = role == Http2Role.Server ? Peer.Client : Peer.Upstream;
        _settings = new PeerSettings(_peer);
        _decoder = new HpackDecoder(_peer);

        // A thousand at once, of which ten come back in a second, and one with each frame that carries something.
        _glitches = new Budget(time, 1_000, 10);

        // CVE-2023-44487, CVE-2025-8671. Two hundred in a minute, and one with each request that came to its end.
        _resets = new Budget(time, 200, 200.0 / 60);
        _hasPreface = role == Http2Role.Client;
        _wake = new LoopSignal(loop);
        _drained = new LoopSignal(loop);
        _next = role == Http2Role.Client ? 1 : 2;
    }

    /// <summary>Takes a request: its header section is whole and valid. It owns the stream, and disposes of it.</summary>
    public Action<Http2Stream>? Accept { get; init; }

    /// <summary>Streams whose work is not over yet.</summary>
    public int Active { get; private set; }

    /// <summary>The peer's SETTINGS came: it is known how many streams it takes.</summary>
    public bool IsReady => _hasSettings;

    /// <summary>Nothing goes over it any more.</summary>
    public bool IsOver => _isOver;

    /// <summary>Its loop.</summary>
    internal EventLoop Loop { get; }

    /// <summary>What the peer may do.</summary>
    internal Http2Limits Limits { get; }

    /// <summary>
    /// Moves frames until the peer closes, <see cref="Drain"/> is done or <see cref="Close"/> was called. Streams that are not at their end then end;
    /// what was said to the peer last has been sent, or cannot be.
    /// </summary>
    /// <exception cref="Http2Exception">The peer broke the protocol, and was told.</exception>
    public async ValueTask RunAsync()
    {
        Open();
        Task pump = PumpAsync();
        try
        {
            while (!_isOver)
            {
                ReadResult read = await _input.ReadAsync(CancellationToken.None);
                if (!Take(read.Buffer) || (read.IsCompleted && !IsFull))
                {
                    break;
                }

                while (IsFull && !_isOver)
                {
                    await _drained.WaitAsync();
                }
            }
        }
        catch (Http2Exception e)
        {
            Stop(e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The peer is gone.
        }
        finally
        {
            // Those that have streams are told, also where it is our own fault.
            await Loop.Switch();
            await EndAsync(pump);
        }

        if (_broken is not null)
        {
            throw _broken;
        }
    }

    /// <summary>Gives its memory back. <see cref="RunAsync"/> does it at its end.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _decoder.Dispose();
        _encoder.Dispose();
        _flat.Clear();
        _block.Clear();
        _pending.Clear();
        _timer?.Dispose();
    }

    private async ValueTask EndAsync(Task pump)
    {
        try
        {
            End();
            await pump;
        }
        finally
        {
            await Loop.Switch();
            Dispose();
        }
    }

    /// <returns>False: nothing more is to be read.</returns>
    private bool Take(ReadOnlySequence<byte> buffer)
    {
        try
        {
            bool hasMoved = false;
            _isHeard = true;
            while (!_isOver && !IsFull && TryTake(ref buffer))
            {
                hasMoved = true;
            }

            Watch(isPartial: !buffer.IsEmpty, hasMoved);
        }
        finally
        {
            // What is left then comes again.
            _input.AdvanceTo(buffer.Start, IsFull ? buffer.Start : buffer.End);
        }

        return !_isOver;
    }

    /// <returns>False: more bytes are needed.</returns>
    private bool TryTake(ref ReadOnlySequence<byte> buffer)
    {
        if (_dataLeft + _paddingLeft > 0)
        {
            return TryTakeData(ref buffer);
        }

        if (!_hasPreface)
        {
            return TryTakePreface(ref buffer);
        }

        if (!FrameHead.TryRead(buffer, _peer, out FrameHead head))
        {
            return false;
        }

        if (!_hasSettings && (head.Type != FrameType.SETTINGS || head.Has(FrameFlags.ACK)))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a connection that does not begin with SETTINGS");
        }

        if (_blockStream != 0 && (head.Type != FrameType.CONTINUATION || head.StreamId != _blockStream))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "another frame within a field block");
        }

        // What is only payload is passed on as it comes; everything else is read whole.
        bool isData = head.Type == FrameType.DATA;
        int needed = FrameHead.Size + (!isData ? head.Length : head.Has(FrameFlags.PADDED) && head.Length > 0 ? 1 : 0);
        return buffer.Length >= needed && TryTakeWhole(ref buffer, head, needed);
    }

    private bool TryTakeWhole(ref ReadOnlySequence<byte> buffer, in FrameHead head, int needed)
    {
        ReadOnlySpan<byte> payload = Flat(buffer.Slice(FrameHead.Size, needed - FrameHead.Size));
        buffer = buffer.Slice(needed);
        try
        {
            Process(head, payload);
        }
        catch (Http2Exception e) when (!e.IsOfConnection)
        {
            Provoked(e);
        }

        return true;
    }

    private void Process(in FrameHead head, ReadOnlySpan<byte> payload)
    {
        switch (head.Type)
        {
            case FrameType.DATA:
                OnData(head, payload);
                break;
            case FrameType.HEADERS:
                OnHeaders(head, payload);
                break;
            case FrameType.PRIORITY:
                OnPriority(head, payload);
                break;
            case FrameType.RST_STREAM:
                OnReset(head, payload);
                break;
            case FrameType.SETTINGS:
                OnSettings(head, payload);
                break;
            case FrameType.PING:
                OnPing(head, payload);
                break;
            case FrameType.GOAWAY:
                OnGoAway(payload);
                break;
            case FrameType.WINDOW_UPDATE:
                OnWindowUpdate(head, payload);
                break;
            case FrameType.CONTINUATION:
                OnContinuation(head, payload);
                break;
            default:
                // RFC 9113 section 5.5: ignored.
                Spend();
                break;
        }
    }

    // The same 24 octets, or it is another protocol.
    private bool TryTakePreface(ref ReadOnlySequence<byte> buffer)
    {
        int length = (int)Math.Min(buffer.Length, FrameWriter.Preface.Length);
        if (!Flat(buffer.Slice(0, length)).SequenceEqual(FrameWriter.Preface[..length]))
        {
            Http2Exception.Throw(_peer, ErrorCode.PROTOCOL_ERROR, "a preface that is none");
        }

        if (length < FrameWriter.Preface.Length)
        {
            return false;
        }

        _hasPreface = true;
        buffer = buffer.Slice(length);
        return true;
    }

    /// <summary>The same bytes in one piece, valid until the next call.</summary>
    private ReadOnlySpan<byte> Flat(in ReadOnlySequence<byte> bytes)
    {
        _flat.Clear();
        if (bytes.IsSingleSegment)
        {
            return bytes.FirstSpan;
        }

        foreach (ReadOnlyMemory<byte> segment in bytes)
        {
            _flat.Write(segment.Span);
        }

        return _flat.Bytes;
    }

    /// <summary>What is legal and only wears out is done so often, and no oftener.</summary>
    private void Spend()
    {
        if (!_glitches.TrySpend())
        {
            Http2Exception.Throw(_peer, ErrorCode.ENHANCE_YOUR_CALM, "too many frames that carry nothing");
        }
    }

    private bool IsOfPeer(int streamId) => (streamId & 1) == (_role == Http2Role.Server ? 1 : 0);

    /// <summary>Nobody opened it yet.</summary>
    private bool IsIdle(int streamId) => IsOfPeer(streamId) ? streamId > _last : streamId >= _next;
}
