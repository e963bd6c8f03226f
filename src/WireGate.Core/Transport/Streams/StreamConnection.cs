using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using WireGate.Core.Transport.Epoll;

namespace WireGate.Core.Transport.Streams;

/// <summary>
/// A connection over any stream, with the BCL's pipes. Used for TLS on top of another connection, for systems without epoll, and for
/// the in-memory pairs of the tests.
/// </summary>
public class StreamConnection : Connection
{
    /// <summary>Bytes of a pipe's buffer: 4 KiB, the default, moved bulk data at half the speed.</summary>
    private const int BufferSize = 32 * 1024;

    private readonly Stream _stream;
    private readonly LoopWriter? _writer;
    private volatile bool _isAborted;

    /// <param name="loop">Where the session lives.</param>
    /// <param name="stream">Owned.</param>
    /// <param name="remote">The peer's address; null: none.</param>
    public StreamConnection(EventLoop loop, Stream stream, EndPoint? remote)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Loop = loop;
        _stream = stream;
        Remote = remote;
        // A zero-byte read waits for data without a buffer, so that an idle connection holds none.
        var input = PipeReader.Create(
            stream, new StreamPipeReaderOptions(MemoryPool<byte>.Shared, BufferSize, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true));
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(MemoryPool<byte>.Shared, BufferSize, leaveOpen: true));
        // A stream on top of a reactor's connection ends its reads there by itself.
        _writer = loop is PoolLoop pool ? new LoopWriter(output, pool) : null;
        (Input, Output) = _writer is null ? (input, output) : (new LoopReader(input, (PoolLoop)loop), _writer);
    }

    /// <inheritdoc/>
    public override EventLoop Loop { get; }

    /// <inheritdoc/>
    public override PipeReader Input { get; }

    /// <inheritdoc/>
    public override PipeWriter Output { get; }

    /// <inheritdoc/>
    public override EndPoint? Remote { get; }

    // What was sent of a flush that waits nobody tells; what the kernel keeps of it changes when the peer takes some.
    /// <inheritdoc/>
    public override long Taken => _stream is NetworkStream { Socket: var socket } && OperatingSystem.IsLinux() ? -Libc.Unacknowledged((int)socket.Handle) : 0;

    /// <inheritdoc/>
    public override bool IsCut => _isAborted || _writer is { HasBroken: true };

    /// <inheritdoc/>
    public override async ValueTask FinishAsync()
    {
        await Output.FlushAsync(CancellationToken.None);
        if (_stream is NetworkStream network)
        {
            try
            {
                network.Socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException e)
            {
                throw new IOException(e.Message, e);
            }
        }
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        _isAborted = true;
        _stream.Dispose();
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        try
        {
            if (_stream is NetworkStream { Socket: { AddressFamily: not AddressFamily.Unix } socket })
            {
                socket.LingerState = new LingerOption(true, 0);

                // The stream would say goodbye first.
                _isAborted = true;
                socket.Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        Abort();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        try
        {
            await Output.CompleteAsync();
            await Input.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The peer is gone: there is nobody left to say goodbye to.
        }

        await _stream.DisposeAsync();
    }
}
