using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Tls;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>
/// A gateway's TLS connection on a reactor whose peer's records a test holds in its hands: it gives them to the gateway as it likes, and each piece has
/// been dealt with when <see cref="ReceiveAsync"/> is back. All of it on the reactor.
/// </summary>
internal sealed class TlsWire : IAsyncDisposable
{
    private readonly Pipe _toGateway = new(Inline());
    private readonly Pipe _fromGateway = new(Inline());
    private MemoryStream? _held;

    private TlsWire()
    {
    }

    public TlsConnection Gateway { get; private set; } = null!;

    /// <summary>What the peer reads and writes with. What it writes does not go to the gateway, but to <see cref="Held"/>.</summary>
    public SslStream Peer { get; private set; } = null!;

    /// <summary>What the gateway sent, as it lies on the wire.</summary>
    public PipeReader Sent => _fromGateway.Reader;

    /// <summary>The gateway serves, and its peer is the client; else the other way round.</summary>
    public static async Task<TlsWire> OpenAsync(EventLoop loop, TestCertificate certificate, SslProtocols version, bool gatewayServes = true)
    {
        var wire = new TlsWire();
        var inner = new PipeConnection(loop, wire._toGateway.Reader, wire._fromGateway.Writer);
        wire.Peer = new SslStream(new PeerStream(wire));
        SslServerAuthenticationOptions served = ServerTls.OptionsFor(certificate.Certificate, []);
        served.EnabledSslProtocols = version;
        var asked = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Certificate.RawDataMemory.Span.SequenceEqual(shown?.GetRawCertData()),
        };
        if (gatewayServes)
        {
            Task peer = wire.Peer.AuthenticateAsClientAsync(asked);
            wire.Gateway = await TlsConnection.AcceptAsync(inner, served, CancellationToken.None);
            await peer;
        }
        else
        {
            // A server of TLS 1.3 sends tickets when it is done: records without a content.
            Task peer = wire.Peer.AuthenticateAsServerAsync(served);
            wire.Gateway = await TlsConnection.ConnectAsync(inner, asked, CancellationToken.None);
            await peer;
        }

        await loop.Switch();
        wire._held = new MemoryStream();
        return wire;
    }

    /// <summary>The records that the peer makes of these contents.</summary>
    public async Task<byte[]> RecordsAsync(params byte[][] contents)
    {
        foreach (byte[] content in contents)
        {
            await Peer.WriteAsync(content);
        }

        return Held();
    }

    /// <summary>The record in which the peer says goodbye.</summary>
    public async Task<byte[]> GoodbyeAsync()
    {
        await Peer.ShutdownAsync();
        return Held();
    }

    /// <summary>Gives the gateway bytes, as one receive.</summary>
    public async Task ReceiveAsync(ReadOnlyMemory<byte> bytes) => await _toGateway.Writer.WriteAsync(bytes);

    /// <summary>Ends what the gateway receives.</summary>
    public void End() => _toGateway.Writer.Complete();

    public async ValueTask DisposeAsync()
    {
        End();
        await Gateway.DisposeAsync();
        await _fromGateway.Reader.CompleteAsync();
        await Peer.DisposeAsync();
    }

    private static PipeOptions Inline() => new(
        readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private byte[] Held()
    {
        byte[] records = _held!.ToArray();
        _held.SetLength(0);
        return records;
    }

    private sealed class PipeConnection(EventLoop loop, PipeReader input, PipeWriter output) : Connection
    {
        public override EventLoop Loop => loop;

        public override PipeReader Input => input;

        public override PipeWriter Output => output;

        public override EndPoint? Remote => null;

        public override bool IsCut => true;

        public override ValueTask FinishAsync() => ValueTask.CompletedTask;

        public override void Abort()
        {
        }

        public override async ValueTask DisposeAsync()
        {
            await output.CompleteAsync();
            await input.CompleteAsync();
        }
    }

    private sealed class PeerStream(TlsWire wire) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            ReadResult result = await wire.Sent.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> taken = result.Buffer.Slice(0, Math.Min(buffer.Length, result.Buffer.Length));
            taken.CopyTo(buffer.Span);
            int count = (int)taken.Length;
            wire.Sent.AdvanceTo(taken.End);
            return count;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (wire._held is { } held)
            {
                held.Write(buffer.Span);
            }
            else
            {
                await wire._toGateway.Writer.WriteAsync(buffer, cancellationToken);
            }
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
