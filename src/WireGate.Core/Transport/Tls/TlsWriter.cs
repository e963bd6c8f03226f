using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Security;
using WireGate.Core.Transport.Epoll;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// Writes to a peer over TLS: what was collected and what is handed to <see cref="WriteAsync"/> is encrypted where it lies, its records are collected in
/// the writer below and go with one send; of a long write, with one for each 64 KiB, and never more than that waits for the peer. On the reactor only.
/// </summary>
internal sealed class TlsWriter : PipeWriter
{
    /// <summary>A record's largest content (RFC 8446, 5.1).</summary>
    private const int MostContent = 16 * 1024;

    private readonly Reactor _reactor;
    private readonly SslStream _ssl;
    private readonly ConnectionStream _records;
    private readonly PipeWriter _inner;

    private BlockChain _blocks;

    /// <param name="reactor">Where the connection lives.</param>
    /// <param name="ssl">Authenticated, over <paramref name="records"/>; nobody else writes to it.</param>
    /// <param name="records">Over the connection below.</param>
    /// <param name="inner">Of the connection below.</param>
    internal TlsWriter(Reactor reactor, SslStream ssl, ConnectionStream records, PipeWriter inner)
    {
        _reactor = reactor;
        _ssl = ssl;
        _records = records;
        _inner = inner;
    }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <summary>Bytes that were not sent: also those whose records wait below, with what the records add.</summary>
    public override long UnflushedBytes => _blocks.Length + _inner.UnflushedBytes;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="sizeHint"/> is more than a block.</exception>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Debug.Assert(_reactor.IsCurrent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeHint, Block.Size);
        return _blocks.Room(_reactor.Blocks, Math.Max(1, sizeHint)).Writable;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _blocks.Add(bytes);

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => WriteAsync(default, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="IOException">The peer broke TLS.</exception>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Debug.Assert(_reactor.IsCurrent);
        try
        {
            Join(ref source);
            bool isAll = Encrypt(ref source);
            ValueTask<FlushResult> sent = _records.FlushConnectionAsync();
            return isAll ? sent : WriteRestAsync(sent, source);
        }
        catch (IOException e)
        {
            return ValueTask.FromException<FlushResult>(e);
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _blocks.Release(_reactor.Blocks);

    /// <summary>Has all that was collected encrypted, whatever its length, for the connection below to send when it closes.</summary>
    internal void EncryptAll()
    {
        ReadOnlyMemory<byte> nothing = default;
        while (!Encrypt(ref nothing))
        {
        }
    }

    private async ValueTask<FlushResult> WriteRestAsync(ValueTask<FlushResult> sent, ReadOnlyMemory<byte> source)
    {
        FlushResult result = await sent;
        for (bool isAll = false; !isAll && !result.IsCompleted && !result.IsCanceled;)
        {
            isAll = Encrypt(ref source);
            result = await _records.FlushConnectionAsync();
        }

        return result;
    }

    /// <summary>What fits into one record with what precedes it is copied there: cheaper than a record of its own.</summary>
    private void Join(ref ReadOnlyMemory<byte> source)
    {
        if (!source.IsEmpty && _blocks.Head is { NextBlock: null } only && only.Filled - _blocks.Start + source.Length <= MostContent
            && source.Length <= only.Writable.Length)
        {
            source.CopyTo(only.Writable);
            _blocks.Add(source.Length);
            source = default;
        }
    }

    /// <returns>False: there is more, and enough was encrypted to be sent first.</returns>
    private bool Encrypt(ref ReadOnlyMemory<byte> source)
    {
        while (_blocks.Head is { } head)
        {
            if (_records.Collected >= ConnectionStream.MostCollected)
            {
                return false;
            }

            int count = head.Filled - _blocks.Start;
            Encrypt(head.Bytes.Slice(_blocks.Start, count));
            _blocks.Take(_reactor.Blocks, count);
        }

        while (!source.IsEmpty)
        {
            if (_records.Collected >= ConnectionStream.MostCollected)
            {
                return false;
            }

            int count = Math.Min(source.Length, ConnectionStream.MostCollected);
            Encrypt(source[..count]);
            source = source[count..];
        }

        return true;
    }

    private void Encrypt(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        ValueTask encrypting = _ssl.WriteAsync(bytes, CancellationToken.None);
        if (!encrypting.IsCompleted)
        {
            // It waits for that handshake, and fails with the connection.
            _ = ForgetAsync(encrypting);
            throw new IOException("the peer asked for another handshake, which is not made");
        }

        encrypting.GetAwaiter().GetResult();
    }

    private static async Task ForgetAsync(ValueTask encrypting)
    {
        try
        {
            await encrypting;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever wrote was told.
        }
    }
}
