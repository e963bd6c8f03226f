using System.IO.Pipelines;
using System.Net;

namespace WireGate.Core.Transport.Epoll;

/// <summary>A connection directly on a reactor's socket: from receive to send on one thread, with nothing in between.</summary>
internal sealed class EpollConnection(EpollSocket socket, EndPoint? remote) : Connection
{
    private static readonly Action<object?> Close = static socket => ((EpollSocket)socket!).Close();

    /// <inheritdoc/>
    public override EventLoop Loop => socket.Reactor;

    /// <inheritdoc/>
    public override PipeReader Input => socket.Reader;

    /// <inheritdoc/>
    public override PipeWriter Output => socket.Writer;

    /// <inheritdoc/>
    public override EndPoint? Remote => remote;

    /// <inheritdoc/>
    public override Action? HungUp
    {
        get => socket.OnHungUp;
        set => socket.OnHungUp = value;
    }

    /// <inheritdoc/>
    public override bool IsHungUp => socket.HungUp;

    /// <inheritdoc/>
    public override bool IsLost => socket.IsLost;

    /// <inheritdoc/>
    public override bool HasUnread => socket.Reader.HasUnread;

    /// <inheritdoc/>
    public override long Taken => socket.Writer.Sent - socket.Unacknowledged;

    /// <inheritdoc/>
    public override bool IsAllTaken => socket.Writer.UnflushedBytes == 0 && socket.Unacknowledged == 0;

    /// <inheritdoc/>
    public override bool IsCut => !socket.HasFinished;

    /// <inheritdoc/>
    public override async ValueTask FinishAsync()
    {
        await socket.Writer.FlushAsync(CancellationToken.None);
        socket.Finish();
    }

    /// <inheritdoc/>
    public override void Abort() => socket.Reactor.Post(Close, socket);

    /// <inheritdoc/>
    public override void Reset()
    {
        socket.EndsWithReset = true;
        Abort();
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        socket.CloseGently();
        return ValueTask.CompletedTask;
    }
}
