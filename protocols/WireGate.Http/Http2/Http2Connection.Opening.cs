using WireGate.Http.Http2.Frames;

namespace WireGate.Http.Http2;

/// <content>Streams that this end opens, which is then a client.</content>
internal sealed partial class Http2Connection
{
    // Before an upstream said how many it takes.
    private const int UsualStreams = 100;

    private const ulong AlivePing = 0x5769_7265_4761_7466;

    private bool _isPinged;
    private bool _isUnlimited;
    private int _next;

    /// <summary>Called when there may be room for a stream, or never will be again: see <see cref="CanOpen"/> and <see cref="IsExhausted"/>.</summary>
    public Action? RoomChanged { get; init; }

    /// <summary>The upstream said that it will end.</summary>
    public bool IsPeerLeaving { get; private set; }

    /// <summary>It takes no stream any more: another connection has to be opened.</summary>
    public bool IsExhausted => _isOver || _isDraining || IsPeerLeaving || _next < 0;

    /// <summary>There is room for a stream.</summary>
    public bool CanOpen => !IsExhausted && _streams.Count < (_isUnlimited ? Math.Min(_settings.MaxConcurrentStreams, int.MaxValue) : UsualStreams);

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
