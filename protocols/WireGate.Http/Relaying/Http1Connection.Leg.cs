using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Http2;

namespace WireGate.Http.Relaying;

/// <content>What an exchange is answered by, in HTTP/1.1's frames.</content>
internal sealed partial class Http1Connection
{
    // Kernels hold up to ten MiB between the two; nginx reads on for as long.
    private const int MostLingering = 16 * 1024 * 1024;
    private static readonly TimeSpan LongestLingering = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestUnread = TimeSpan.FromSeconds(60);

    private readonly Action _interrupt;
    private readonly Action _hungUp;
    private Action? _interrupted;
    private Action? _gone;
    private bool _isLast;
    private bool _isRead;
    private bool _isLingered;

    /// <inheritdoc/>
    public override RequestHead Head => _head;

    /// <inheritdoc/>
    public override bool? IsForSecure => _head.ReadTarget() is { Form: TargetForm.Absolute } target ? target.IsSecure : null;

    /// <inheritdoc/>
    public override BodySource Body => new(Input, _head.Body, _trailers);

    /// <inheritdoc/>
    public override bool TakesTrailers => _head.TakesTrailers;

    /// <inheritdoc/>
    public override bool IsGone => Session.Client.IsLost;

    /// <inheritdoc/>
    public override bool HasFinished => Session.Client.IsHungUp;

    /// <inheritdoc/>
    public override long Taken => Session.Client.Taken;

    /// <inheritdoc/>
    public override Action? Gone
    {
        set
        {
            _gone = value;
            Session.Client.HungUp = value is null ? null : _hungUp;
            _hungUp();
        }
    }

    /// <inheritdoc/>
    public override Action? Interrupted
    {
        set
        {
            _interrupted = value;
            Session.Interrupt = value is null ? null : _interrupt;
        }
    }

    // A FIN says that nothing more comes, and is what a client sends as well that has closed: which of the two it is only writing tells.
    private void OnHungUp()
    {
        if (Session.Client.IsLost)
        {
            _gone?.Invoke();
        }
    }

    private void Interrupt()
    {
        _interrupted?.Invoke();
        Session.Client.Reset();
    }

    /// <inheritdoc/>
    public override ClientWatch Watch() => new ConnectionWatch(Session.Client);

    /// <inheritdoc/>
    public override void SetLimit(TimeSpan within) => _clock.Set(within, SessionEnd.HandshakeTimeout, isKept: false);

    /// <inheritdoc/>
    public override void EndLimit() => _clock.Stop();

    /// <inheritdoc/>
    public override async ValueTask ContinueAsync()
    {
        Output.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
        await FlushAsync();
    }

    /// <inheritdoc/>
    public override ValueTask PassAsync(ResponseHead interim, in Places places)
    {
        // An HTTP/1.0 client does not know what that is.
        if (_head.IsHttp10)
        {
            return default;
        }

        HeadWriter.WriteResponse(Output, interim, isLast: false, inChunks: false, places);
        return FlushAsync();
    }

    /// <inheritdoc/>
    public override BodySink Begin(ResponseHead response, in Places places, bool isMasked, bool isRead)
    {
        (_isRead, _isLast) = (isRead, _isDraining || _head.IsLast || _head.IsHttp10 || !isRead);
        bool inChunks = !_head.IsHttp10;
        HeadWriter.WriteResponse(Output, response, _isLast, inChunks, places, isMasked: isMasked);

        // What is masked is of a length that nobody knows before its end.
        bool isOpen = response.Body.Kind is BodyKind.Chunked or BodyKind.UntilClose || (isMasked && response.Body.Kind == BodyKind.Counted);
        return inChunks && isOpen ? BodySink.InChunks(Output) : BodySink.Plain(Output);
    }

    /// <inheritdoc/>
    public override ValueTask<bool> EndAsync() => _isLast ? LingerAsync() : new ValueTask<bool>(true);

    /// <inheritdoc/>
    public override async ValueTask<bool> AnswerAsync(Answer answer, bool isRead, bool isLast)
    {
        (_isRead, _isLast) = (isRead, isLast || _isDraining || !isRead || _head.IsLast || _head.IsHttp10);
        answer.WriteHead(Output, _isLast, _of.Services.Process.Time.GetUtcNow());
        if (_head.Length == 0 || !_head.Method.SequenceEqual("HEAD"u8))
        {
            Output.Write(answer.Body.Span);
        }

        // Whoever asks for refusals and reads none of them waits no longer than for an upstream's.
        ValueTask<FlushResult> flush = Output.FlushAsync(CancellationToken.None);
        if (!flush.IsCompleted)
        {
            _clock.Set(LongestUnread, SessionEnd.ClientClosed, isKept: false);
        }

        bool isGone = (await flush).IsCompleted;
        _clock.Stop();
        return !isGone && await EndAsync();
    }

    /// <inheritdoc/>
    public override Connection Upgrade(ResponseHead response)
    {
        HeadWriter.WriteResponse(Output, response, isLast: false, inChunks: false, upgrade: _head.Upgrade);
        return Session.Client;
    }

    /// <inheritdoc/>
    public override void Cut(SessionEnd reason, string detail, ErrorCode? code = null)
    {
        Session.TryEnd(reason, detail);
        Session.Client.Reset();
    }

    /// <inheritdoc/>
    public override bool TryReset(ErrorCode code) => false;

    private async ValueTask FlushAsync() => await Output.FlushAsync(CancellationToken.None);

    /// <summary>Reads on for a moment, for nothing, if the client may still send of its request.</summary>
    /// <returns>False: nothing comes behind that.</returns>
    private async ValueTask<bool> LingerAsync()
    {
        if (!_isLingered && (_head.Length == 0 || !_isRead))
        {
            await ReadOnAsync();
        }

        return false;
    }

    private async ValueTask ReadOnAsync()
    {
        _isLingered = true;
        await Session.Client.FinishAsync();
        _clock.Set(LongestLingering, SessionEnd.ClientClosed, isKept: false);
        await Lingering.ReadOnAsync(Input, MostLingering);
        _clock.Stop();
    }
}
