using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>Streams that this end opens, which is then a client.</content>
internal sealed partial class Http2Connection
{
    private const int UsualStreams = 100;
    private const ulong AlivePing = 0x5769_7265_4761_7466;

    private bool _isPinged;
    private int _next;

    /// <summary>Called when there may be room for a stream, or never will be again: see <see cref="CanOpen"/> and <see cref="IsExhausted"/>.</summary>
    public Action? RoomChanged { get; init; }

    /// <summary>The upstream said that it will end.</summary>
    public bool IsPeerLeaving { get; private set; }

    /// <summary>It takes no stream any more: another connection has to be opened.</summary>
    public bool IsExhausted => _isOver || _isDraining || IsPeerLeaving || _next < 0;

    /// <summary>The peer has said what it takes.</summary>
    public bool HasSettings => _hasSettings;

    /// <summary>For how many streams there is room. Before the upstream has said how many it takes, as many as it should at least (RFC 9113 section 6.5.2).</summary>
    public int Room => IsExhausted ? 0 : Math.Max(0, (_hasSettings ? (int)Math.Min(_settings.MaxConcurrentStreams, int.MaxValue) : UsualStreams) - _streams.Count);

    /// <summary>There is room for a stream.</summary>
    public bool CanOpen => Room > 0;

    // A stream that this end opened, of which nobody remembers how it ended: as many may be cancelled as clients cancel, and answered after that.
    private bool IsForgotten(int streamId) =>
        _role == Http2Role.Client && streamId % 2 == 1 && (streamId < _next || _next < 0) && _closed.Find(streamId) == StreamClosing.Unknown;

    /// <summary>Whether anything came since this was asked last.</summary>
    public bool TakeHeard()
    {
        bool isHeard = _isHeard;
        _isHeard = false;
        return isHeard;
    }

    /// <summary>Asks for a sign of life.</summary>
    public void Ping()
    {
        if (!_isOver)
        {
            _isPinged = true;
            FrameWriter.WritePing(Pending, AlivePing, isAck: false);
        }
    }

    /// <summary>Opens a stream, and makes its request.</summary>
    /// <param name="section">Read before this returns.</param>
    /// <param name="endStream">It has no body.</param>
    /// <returns>Null: there is no room; see <see cref="CanOpen"/>.</returns>
    public Http2Stream? OpenStream(FieldSection section, bool endStream)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (_role != Http2Role.Client)
        {
            throw new InvalidOperationException("A gateway pushes nothing.");
        }

        if (!CanOpen)
        {
            return null;
        }

        int id = _next;

        // Behind 2^31-1 there is none.
        _next += 2;
        Http2Stream stream = Add(id, new FieldSection(), section.Method.SequenceEqual("HEAD"u8));
        stream.SendHeaders(section, endStream);
        return stream;
    }
}
