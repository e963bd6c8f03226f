using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using WireGate.Core.Framing;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Streams;

namespace WireGate.Core.Transport.Tls;

/// <summary>
/// TLS on top of another connection. Handshakes run on the pool; records are moved on the connection's own loop: on a reactor by a reader and a writer
/// of its own, elsewhere by the BCL's pipes over the stream.
/// </summary>
public sealed class TlsConnection : Connection
{
    private readonly Connection _inner;
    private readonly ConnectionStream _records;
    private readonly SslStream _stream;

    private TlsConnection(Connection inner, ConnectionStream records, SslStream stream, TlsFacts facts)
    {
        (_inner, _records, _stream, Tls) = (inner, records, stream, facts);
        if (inner.Loop is Reactor reactor)
        {
            Input = new TlsReader(reactor, stream, records.Records);
            Output = new TlsWriter(reactor, stream, records, inner.Output);
        }
        else
        {
            var pipes = new StreamConnection(inner.Loop, stream, inner.Remote);
            (Input, Output) = (pipes.Input, pipes.Output);
        }
    }

    /// <inheritdoc/>
    public override EventLoop Loop => _inner.Loop;

    /// <inheritdoc/>
    public override PipeReader Input { get; }

    /// <inheritdoc/>
    public override PipeWriter Output { get; }

    /// <inheritdoc/>
    public override EndPoint? Remote => _inner.Remote;

    /// <inheritdoc/>
    public override TlsFacts Tls { get; }

    /// <summary>Serves TLS to a client. On return the calling code is on the connection's loop.</summary>
    /// <param name="inner">Nothing may be buffered in it but the client's handshake. Owned by the result, or by the caller if this throws.</param>
    /// <param name="options">The server's options; its certificate context gives the facts.</param>
    /// <param name="cancellationToken">The deadline of the handshake.</param>
    /// <exception cref="ProtocolException">The client broke the handshake.</exception>
    public static async ValueTask<TlsConnection> AcceptAsync(
        Connection inner, SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(options);
        (SslStream stream, ConnectionStream records) = await HandshakeAsync(
            inner, Peer.Client, "the client speaks no TLS", s => s.AuthenticateAsServerAsync(options, cancellationToken), cancellationToken);
        return new TlsConnection(inner, records, stream, Facts(stream, options.ServerCertificateContext!.TargetCertificate) with
        {
            ServerName = stream.TargetHostName is { Length: > 0 } name ? name : null,
        });
    }

    /// <summary>Speaks TLS to an upstream, as its client. On return the calling code is on the connection's loop.</summary>
    /// <param name="inner">Nothing may be buffered in it. Owned by the result, or by the caller if this throws.</param>
    /// <param name="options">The client's options, with what is verified.</param>
    /// <param name="cancellationToken">The deadline of the handshake.</param>
    /// <exception cref="ProtocolException">The upstream broke the handshake, or is not trusted: the inner exception tells.</exception>
    public static async ValueTask<TlsConnection> ConnectAsync(
        Connection inner, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inner);
        (SslStream stream, ConnectionStream records) = await HandshakeAsync(
            inner, Peer.Upstream, options.ApplicationProtocols?.Contains(SslApplicationProtocol.Http11) == true ? "it speaks no TLS: is it http://?" : "it speaks no TLS",
            s => s.AuthenticateAsClientAsync(options, cancellationToken), cancellationToken);
        return new TlsConnection(inner, records, stream, Facts(stream, X509CertificateLoader.LoadCertificate(stream.RemoteCertificate!.GetRawCertData())));
    }

    /// <inheritdoc/>
    public override Action? HungUp
    {
        get => _inner.HungUp;
        set => _inner.HungUp = value;
    }

    /// <inheritdoc/>
    public override bool IsHungUp => _inner.IsHungUp;

    /// <inheritdoc/>
    public override bool IsLost => _inner.IsLost;

    /// <inheritdoc/>
    public override bool HasUnread => Input is TlsReader { HasUnread: true } || _inner.HasUnread;

    /// <inheritdoc/>
    public override long Taken => _inner.Taken;

    /// <inheritdoc/>
    public override bool IsAllTaken => Output is TlsWriter { UnflushedBytes: 0 } && _inner.IsAllTaken;

    // Behind a close_notify nothing is read any more: who has seen the end of what is below has seen none.
    /// <inheritdoc/>
    public override bool IsCut => _records.Records.HasEnded;

    /// <inheritdoc/>
    public override async ValueTask FinishAsync()
    {
        await Output.FlushAsync(CancellationToken.None);
        await _stream.ShutdownAsync();
        _records.LeaveCollected();
        await _inner.FinishAsync();
    }

    /// <inheritdoc/>
    public override void Abort() => _inner.Abort();

    /// <inheritdoc/>
    public override void Reset() => _inner.Reset();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (Output is TlsWriter writer)
            {
                writer.EncryptAll();
            }
            else
            {
                await Output.CompleteAsync();
            }

            await _stream.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or CryptographicException)
        {
            // TLS is over already, or the peer is gone: there is nobody left to say goodbye to.
        }

        await Output.CompleteAsync();
        await Input.CompleteAsync();
        // What was collected is sent by the connection below when it closes, as far as its peer takes it.
        _records.LeaveCollected();
        await _inner.DisposeAsync();
        await _stream.DisposeAsync();
    }

    private static TlsFacts Facts(SslStream stream, X509Certificate2 certificate)
    {
        ReadOnlyMemory<byte> protocol = stream.NegotiatedApplicationProtocol.Protocol;
        return new TlsFacts(certificate, protocol.IsEmpty ? null : stream.NegotiatedApplicationProtocol.ToString());
    }

    private static async ValueTask<(SslStream Stream, ConnectionStream Records)> HandshakeAsync(
        Connection inner, Peer peer, string noTls, Func<SslStream, Task> authenticate, CancellationToken cancellationToken)
    {
        var bytes = new ConnectionStream(inner);
        var stream = new SslStream(bytes, leaveInnerStreamOpen: true);
        try
        {
            if (peer == Peer.Client)
            {
                // A client speaks first, which the loop can wait for.
                await bytes.Records.ReceiveAsync(cancellationToken);
            }

            bytes.BeginHandshake();
            await PoolSwitch.Instance;
            await authenticate(stream);
            await inner.Loop.Switch();
            await bytes.EndHandshakeAsync();
            return (stream, bytes);
        }
        catch (Exception e)
        {
            await inner.Loop.Switch();
            await SayLastWordsAsync(bytes);
            await stream.DisposeAsync();
            if (e is AuthenticationException or IOException or InvalidOperationException or NotSupportedException)
            {
                throw new ProtocolException(peer, $"the TLS handshake failed: {(bytes.Records.HasNoRecord ? noTls : (e.InnerException ?? e).Message)}", e);
            }

            throw;
        }
    }

    /// <summary>Sends the alert that says why there is no handshake.</summary>
    private static async ValueTask SayLastWordsAsync(ConnectionStream bytes)
    {
        try
        {
            await bytes.EndHandshakeAsync();
        }
        catch (IOException)
        {
            // Nobody is there to hear it.
        }
    }
}
