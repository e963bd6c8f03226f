using System.Buffers;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Messages;

namespace WireGate.Http.Relaying;

/// <summary>One stream of a client's connection of HTTP/2, and the exchange that is made on it. Used for one after the other.</summary>
internal sealed class Http2ClientStream : ClientLeg, IDisposable
{
    private readonly HttpSession _of;
    private readonly Http2ClientConnection _connection;
    private readonly Exchange _exchange;
    private readonly RequestHead _head = new();
    private readonly FieldSection _section = new();
    private readonly ArrayBufferWriter<byte> _text = new(1024);
    private readonly ConnectionClock _clock;
    private Http2Stream? _stream;
    private readonly Action _onGone;
    private Action? _gone;
    private Action? _interrupted;
    private bool _isEnded;

    /// <param name="of">The session.</param>
    /// <param name="connection">Whose stream it is.</param>
    public Http2ClientStream(HttpSession of, Http2ClientConnection connection)
    {
        (_of, _connection) = (of, connection);
        _exchange = new Exchange(of, this);
        _onGone = () => _gone?.Invoke();
        _clock = new ConnectionClock(of.Session.Loop, of.Services.Process.Time, reason => Cut(reason, "its request took too long to come"));
    }

    /// <inheritdoc/>
    public override RequestHead Head => _head;

    /// <inheritdoc/>
    public override bool? IsForSecure => Stream.Fields.Scheme.IsEmpty ? null : Stream.Fields.Scheme.SequenceEqual("https"u8);

    // What frames it ends here, and its length was watched over.
    /// <inheritdoc/>
    public override BodySource Body => new(Stream.Body, _head.Body.Kind == BodyKind.Chunked ? new BodyLength(BodyKind.UntilClose) : _head.Body, Stream);

    /// <inheritdoc/>
    public override bool TakesTrailers => true;

    /// <inheritdoc/>
    public override bool IsGone => Stream.Error is not null;

    /// <inheritdoc/>
    public override bool HasFinished => false;

    /// <inheritdoc/>
    public override long Taken => Stream.Taken;

    /// <inheritdoc/>
    public override Action? Gone
    {
        set
        {
            _gone = value;

            // It may have been told while nobody asked.
            if (value is not null && IsGone)
            {
                value();
            }
        }
    }

    /// <inheritdoc/>
    public override Action? Interrupted
    {
        set => _interrupted = value;
    }

    private Http2Stream Stream => _stream!;

    /// <summary>Serves what is asked on a stream. Never throws what is a peer's fault.</summary>
    public async Task RunAsync(Http2Stream stream)
    {
        _stream = stream;
        _isEnded = false;
        stream.Gone = _onGone;
        try
        {
            if (ReadHead() is { } problem)
            {
                await _exchange.RefuseHeadAsync(_head.Status, problem);
            }
            else
            {
                await _exchange.RunAsync();
            }
        }
        finally
        {
            await _of.Session.Loop.Switch();
            (_gone, _interrupted) = (null, null);
            _clock.Stop();
            if (!_isEnded)
            {
                // Of what nothing was made the client may ask again, elsewhere.
                stream.Reset(_exchange.IsUntouched ? ErrorCode.REFUSED_STREAM : ErrorCode.INTERNAL_ERROR);
            }

            stream.Dispose();
            _head.Clear();
            _stream = null;
        }
    }

    /// <summary>The session was ended from outside.</summary>
    public void Interrupt() => _interrupted?.Invoke();

    /// <inheritdoc/>
    public void Dispose()
    {
        _clock.Dispose();
        _exchange.Dispose();
        _head.Dispose();
        _section.Dispose();
    }

    /// <inheritdoc/>
    public override ClientWatch Watch() => new StreamWatch(this);

    /// <inheritdoc/>
    public override void SetLimit(TimeSpan within) => _clock.Set(within, SessionEnd.HandshakeTimeout, isKept: false);

    /// <inheritdoc/>
    public override void EndLimit() => _clock.Stop();

    /// <inheritdoc/>
    public override ValueTask ContinueAsync()
    {
        _section.Clear();
        _section.AddStatus(100);
        return SendHeadAsync(isLast: false);
    }

    /// <inheritdoc/>
    public override ValueTask PassAsync(ResponseHead interim, in Places places)
    {
        _text.Clear();
        HeadWriter.WriteResponse(_text, interim, isLast: false, inChunks: false, places);
        _section.Clear();
        return SectionHead.TryReadResponse(_text.WrittenSpan, _section) ? SendHeadAsync(isLast: false) : default;
    }

    /// <inheritdoc/>
    public override BodySink Begin(ResponseHead response, in Places places, bool isMasked, bool isRead)
    {
        _text.Clear();
        HeadWriter.WriteResponse(_text, response, isLast: false, inChunks: false, places, isMasked: isMasked);
        _section.Clear();
        if (!SectionHead.TryReadResponse(_text.WrittenSpan, _section))
        {
            Cut(SessionEnd.UpstreamBrokeProtocol, "the head of its answer is longer than any may be in HTTP/2");
            return default;
        }

        _isEnded = response.Body.Kind == BodyKind.None;
        Stream.SendHeaders(_section, endStream: _isEnded);
        return _isEnded ? BodySink.Nothing : BodySink.Stream(Stream.Output);
    }

    /// <inheritdoc/>
    public override ValueTask<bool> EndAsync()
    {
        _isEnded = true;
        return ValueTask.FromResult(true);
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> AnswerAsync(Answer answer, bool isRead, bool isLast)
    {
        _text.Clear();
        answer.WriteHead(_text, isLast: false, _of.Services.Process.Time.GetUtcNow());
        _section.Clear();
        SectionHead.TryReadResponse(_text.WrittenSpan, _section);
        bool hasBody = !answer.Body.IsEmpty && (_head.Length == 0 || !_head.Method.SequenceEqual("HEAD"u8));
        _isEnded = true;
        Stream.SendHeaders(_section, endStream: !hasBody);
        if (hasBody)
        {
            BodySink sink = BodySink.Stream(Stream.Output);
            _isEnded = !await sink.SendAsync(answer.Body) && !await sink.EndAsync();
        }

        if (isLast)
        {
            _connection.Drain();
        }

        return _isEnded;
    }

    /// <inheritdoc/>
    public override Connection Upgrade(ResponseHead response) => throw new InvalidOperationException("A stream of HTTP/2 goes on with nothing else.");

    /// <inheritdoc/>
    public override void Cut(SessionEnd reason, string detail, ErrorCode? code = null)
    {
        bool isClients = reason is SessionEnd.ClientClosed or SessionEnd.HandshakeTimeout;
        try
        {
            if (reason != SessionEnd.ClientClosed && _of.Session.End == SessionEnd.None)
            {
                _of.Decline(new Refusal(reason, detail, detail));
            }
        }
        catch (AuditFailedException e)
        {
            _connection.End(SessionEnd.AuditFailed, e.Message);
        }

        _stream?.Reset(isClients ? ErrorCode.CANCEL : ToldOf(code));
    }

    /// <inheritdoc/>
    public override bool TryReset(ErrorCode code)
    {
        Stream.Reset(ToldOf(code));
        return true;
    }

    // What an upstream says of what is between it and the gateway is nothing to a client, and an answer that is not whole did not end as it should.
    private static ErrorCode ToldOf(ErrorCode? code) => code is ErrorCode.CANCEL or ErrorCode.REFUSED_STREAM or ErrorCode.ENHANCE_YOUR_CALM
        ? code.Value : ErrorCode.INTERNAL_ERROR;

    /// <returns>What of it is none; null: it is read.</returns>
    private string? ReadHead()
    {
        _text.Clear();
        try
        {
            int count = SectionHead.WriteRequest(_text, Stream.Fields, Stream.IsRemoteDone);
            bool isHead = _head.TryRead(new ReadOnlySequence<byte>(_text.WrittenMemory), out _);
            return isHead && _head.Fields.Length == count ? null : "a request that is none";
        }
        catch (ProtocolException e)
        {
            return e.Message;
        }
        finally
        {
            // The placeholder is in it.
            _text.Clear();
            _text.ResetWrittenCount();
        }
    }

    private ValueTask SendHeadAsync(bool isLast)
    {
        Stream.SendHeaders(_section, isLast);
        return default;
    }
}
