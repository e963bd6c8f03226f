using System.IO.Pipelines;
using WireGate.Core.Transport;
using WireGate.Http.Http1;

namespace WireGate.Http.Http2;

/// <summary>
/// One exchange of a connection. It counts as one of those that the peer may have until it is disposed of: whoever serves it does that when nothing of
/// the work for it goes on. On the loop only.
/// </summary>
internal sealed class Http2Stream : ITrailerSource, IDisposable
{
    private static readonly Action<object?> TellGone = static stream => ((Http2Stream)stream!).Gone?.Invoke();

    private readonly Http2Connection _connection;
    private readonly StreamBody _body;
    private readonly StreamOutput _output;
    private readonly LoopSignal _headCame;
    private Queue<FieldSection>? _heads;
    private FieldSection? _trailersOut;
    private bool _isDisposed;
    private bool _hasSentHead;
    private long _left = -1;
    private int _returned;
    private int _window;

    internal Http2Stream(Http2Connection connection, EventLoop loop, int id, FieldSection fields)
    {
        (_connection, Id, Fields, _window) = (connection, id, fields, connection.Limits.FirstWindow);
        _body = new StreamBody(this, loop);
        _output = new StreamOutput(this, loop);
        _headCame = new LoopSignal(loop);
    }

    /// <summary>Its number on the connection.</summary>
    public int Id { get; }

    /// <summary>The peer's header section: a client's request; of an upstream, what <see cref="ReadHeadAsync"/> gave last.</summary>
    public FieldSection Fields { get; private set; }

    /// <summary>The peer's trailer section; null: none came, yet or at all. It is there when <see cref="Body"/> completes.</summary>
    public FieldSection? Trailers { get; private set; }

    /// <summary>The peer's body.</summary>
    public PipeReader Body => _body;

    /// <summary>The own body; to complete it ends the stream, behind the trailers if there are some.</summary>
    public PipeWriter Output => _output;

    /// <summary>Nothing more comes, or will.</summary>
    public bool IsRemoteDone { get; private set; }

    /// <summary>Nothing more goes out.</summary>
    public bool IsLocalDone { get; private set; }

    /// <summary>The length of the peer's body, where it said one; -1: it did not.</summary>
    public long ContentLength { get; private set; } = -1;

    /// <summary>All that came has been read, but for a head that waits to be.</summary>
    public bool IsWhole => IsRemoteDone && Error is null && Trailers is null && _body.Buffered == 0 && _heads is not { Count: > 0 };

    /// <summary>Why it ended before its messages did; null: it did not.</summary>
    public StreamException? Error { get; private set; }

    /// <summary>Called from the loop's queue when the peer, or the connection's end, ends the stream before its messages do.</summary>
    public Action? Gone { get; set; }

    /// <summary>What was asked was HEAD: the answer has no body whatever it says.</summary>
    internal bool IsToHead { get; init; }

    /// <summary>Octets of DATA that may be sent; may be negative.</summary>
    internal long SendWindow { get; set; }

    /// <summary>Octets of DATA that went out.</summary>
    internal long Sent { get; set; }

    /// <summary>Grows whenever the peer takes something of what this waits for: while its own window is open that is the connection, for which others wait too.</summary>
    public long Taken => SendWindow > 0 ? _connection.TakenOfAll : Sent;

    /// <summary>Knows when the peer does not take what lingers.</summary>
    internal UnreadWatch Unread;

    /// <summary>Octets of DATA that may come.</summary>
    internal int ReceiveWindow { get; set; }

    /// <summary>It waits for its turn to send.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>The work for it is over, and what was written last goes out yet.</summary>
    internal bool IsLingering { get; set; }

    /// <summary>The head of the answer that counts came: what comes next are trailers.</summary>
    internal bool HasHead { get; set; }

    /// <summary>Answers before the answer that came.</summary>
    internal int Interim { get; set; }

    /// <summary>What goes out as DATA.</summary>
    internal StreamOutput DataOut => _output;

    /// <summary>What comes as DATA.</summary>
    internal StreamBody DataIn => _body;

    /// <summary>Waits for the next head of an upstream: 1xx, any number of them, then the one that counts. It owns it until the next.</summary>
    /// <exception cref="StreamException">The stream ended first.</exception>
    public async ValueTask<FieldSection> ReadHeadAsync()
    {
        while (_heads is not { Count: > 0 })
        {
            if (Error is not null)
            {
                throw Error;
            }

            await _headCame.WaitAsync();
        }

        Fields.Clear();
        Fields = _heads.Dequeue();
        return Fields;
    }

    /// <summary>Sends a header section: 1xx, any number of them, then the one that counts. Of a stream that is gone, nothing.</summary>
    /// <param name="section">Read before this returns.</param>
    /// <param name="endStream">Nothing follows it.</param>
    public void SendHeaders(FieldSection section, bool endStream)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (_hasSentHead || IsLocalDone)
        {
            if (Error is not null || IsLocalDone)
            {
                return;
            }

            throw new InvalidOperationException("A second header section.");
        }

        _hasSentHead = section.Code is 0 or >= 200;
        _connection.WriteFields(this, section, endStream);
    }

    /// <summary>Ends the stream with a trailer section, behind what was written. Nothing is written to <see cref="Output"/> any more.</summary>
    /// <param name="section">Read before this returns.</param>
    public void SendTrailers(FieldSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (IsLocalDone)
        {
            return;
        }

        _trailersOut = new FieldSection();
        _trailersOut.AddAll(section);
        _output.Complete();
    }

    /// <summary>Ends the stream both ways.</summary>
    public void Reset(ErrorCode code) => _connection.Reset(this, code);

    /// <summary>The work for it is over. What was not ended is cut off.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Gone = null;
        _connection.Release(this);
        _body.Complete();
        _connection.Narrow(_window - _connection.Limits.FirstWindow);
        Fields.Clear();
        Trailers?.Clear();
        while (_heads is { Count: > 0 })
        {
            _heads.Dequeue().Clear();
        }
    }

    /// <summary>Bytes were written, or the end.</summary>
    internal void OnOutput()
    {
        if (!_hasSentHead && !IsLocalDone)
        {
            throw new InvalidOperationException("A body before its head.");
        }

        _connection.Ready(this);
    }

    /// <summary>Somebody took so many octets of what lay here.</summary>
    internal void OnConsumed(int count, int before)
    {
        _connection.Return(HeldOf(before) - HeldOf(before - count));
        Return(count);
    }

    /// <summary>A frame of DATA begins.</summary>
    /// <param name="length">Octets of its payload, and of padding, which count for the window.</param>
    /// <param name="data">Of the payload alone.</param>
    /// <returns>False: it is more than was said that would come.</returns>
    internal bool TryExpect(int length, int data)
    {
        ReceiveWindow -= length;
        Return(length - data);
        _left -= ContentLength >= 0 ? data : 0;
        return ContentLength < 0 || _left >= 0;
    }

    /// <summary>Payload came.</summary>
    internal void Receive(ReadOnlySpan<byte> data)
    {
        if (_body.IsAbandoned)
        {
            _connection.Return(data.Length);
            Return(data.Length);
            return;
        }

        int before = _body.Buffered;
        _body.Write(data);
        _connection.Return(data.Length - (HeldOf(before + data.Length) - HeldOf(before)));
    }

    /// <summary>How long the body will be.</summary>
    /// <param name="length">-1: nobody said.</param>
    internal void Announce(long length) => (ContentLength, _left) = (length, length);

    /// <summary>The body that an answer has is none, whatever length it says.</summary>
    internal void AnnounceNone() => (ContentLength, _left) = (0, 0);

    /// <summary>END_STREAM.</summary>
    /// <returns>False: more had been said to come.</returns>
    internal bool TryEndRemote()
    {
        if (ContentLength >= 0 && _left != 0)
        {
            return false;
        }

        IsRemoteDone = true;
        _body.End(null);
        return true;
    }

    /// <summary>The peer's trailers came.</summary>
    internal void SetTrailers(FieldSection section) => Trailers = section;

    /// <summary>A head of an upstream came.</summary>
    internal void AddHead(FieldSection section)
    {
        (_heads ??= new Queue<FieldSection>(1)).Enqueue(section);
        _headCame.Set();
    }

    /// <summary>Takes the trailers that are to go out.</summary>
    internal FieldSection? TakeTrailers()
    {
        FieldSection? section = _trailersOut;
        _trailersOut = null;
        return section;
    }

    /// <summary>Whether trailers are to go out behind the data.</summary>
    internal bool HasTrailers => _trailersOut is not null;

    /// <summary>END_STREAM went out.</summary>
    internal void EndLocal() => IsLocalDone = true;

    /// <summary>It ends now, both ways.</summary>
    internal void End(StreamException error)
    {
        bool isCut = !IsRemoteDone || !IsLocalDone;
        (IsRemoteDone, IsLocalDone) = (true, true);
        _body.End(error);
        _output.End();
        _trailersOut?.Clear();
        if (isCut && Error is null)
        {
            Error = error;
            _headCame.Set();
            if (Gone is not null)
            {
                _connection.Loop.Post(TellGone, this);
            }
        }
    }

    private int HeldOf(int buffered) => Math.Max(0, buffered - _connection.Limits.FirstWindow);

    // Of what nobody reads any more no more is asked for.
    private void Return(int count)
    {
        _returned += count;
        if (!IsRemoteDone && !_isDisposed && _returned >= _window / 2)
        {
            int wider = _connection.Limits.StreamWindow - _window;
            if (wider > 0 && _connection.TryWiden(wider))
            {
                _window += wider;
                _returned += wider;
            }

            ReceiveWindow += _returned;
            _connection.WriteWindow(Id, _returned);
            _returned = 0;
        }
    }
}
