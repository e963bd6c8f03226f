using System.Net.Security;
using System.Net.Sockets;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>How TLS ends, with a peer on a plain socket.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
public sealed class TlsEndTests(TransportKind kind) : IDisposable
{
    private readonly TestCertificate _certificate = new();
    private EventLoopTransport _transport = null!;
    private Listener _listener = null!;
    private Socket _peer = null!;
    private SslStream _secure = null!;
    private Connection _connection = null!;

    [SetUp]
    public async Task Open()
    {
        _transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        _listener = _transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _listener.Start(accepted.SetResult, _ => { });
        _peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await _peer.ConnectAsync(_listener.LocalEndPoint);
        _secure = new SslStream(new NetworkStream(_peer));
        Connection inner = await accepted.Task;
        Task shaking = _secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate.Certificate });
        await LoopbackPair.OnLoopAsync(inner.Loop, async () =>
        {
            var tls = new UpstreamTls(new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = _certificate.CertificatePath });
            _connection = await TlsConnection.ConnectAsync(inner, tls.OptionsFor("localhost"), CancellationToken.None);
        });
        await shaking;
    }

    [TearDown]
    public async Task Close()
    {
        _peer.Dispose();
        await OnLoopAsync(async () =>
        {
            await _connection.DisposeAsync();
            Assert.That((_connection.Loop as Reactor)?.Blocks.Rented ?? 0, Is.Zero);
        });
        await _listener.DisposeAsync();
        await _transport.DisposeAsync();
    }

    public void Dispose()
    {
        _peer.Dispose();
        _secure.Dispose();
        _certificate.Dispose();
    }

    [Test]
    public Task An_end_with_a_close_notify_is_no_cut([Values] bool isLate) => OnLoopAsync(async () =>
    {
        await _secure.WriteAsync("all"u8.ToArray());
        Task<byte[]> reading = isLate ? Bytes.ReadToEndAsync(_connection.Input) : Task.FromResult<byte[]>([]);
        await _secure.ShutdownAsync();
        _peer.Shutdown(SocketShutdown.Send);
        byte[] all = isLate ? await reading : await Bytes.ReadToEndAsync(_connection.Input);
        Assert.That((all.Length, _connection.IsCut), Is.EqualTo((3, false)));
    });

    [Test]
    public Task An_end_without_one_is_a_cut([Values] bool isReset) => OnLoopAsync(async () =>
    {
        await _secure.WriteAsync("all"u8.ToArray());
        Assert.That(await Bytes.ReadAsync(_connection.Input, 3), Is.EqualTo("all"u8.ToArray()));
        if (isReset)
        {
            _peer.LingerState = new LingerOption(true, 0);
        }

        _peer.Close();
        try
        {
            while (!(await _connection.Input.ReadAsync()).IsCompleted)
            {
            }
        }
        catch (IOException) when (isReset)
        {
            // A stream says it so.
            return;
        }

        Assert.That(_connection.IsCut);
    });

    [Test]
    public Task Finish_says_so_and_reading_goes_on() => OnLoopAsync(async () =>
    {
        "question"u8.CopyTo(_connection.Output.GetSpan(8));
        _connection.Output.Advance(8);
        Task<byte[]> reading = Bytes.ReadToEndAsync(_connection.Input);
        await _connection.FinishAsync();
        byte[] block = new byte[100];
        Assert.That(await _secure.ReadAtLeastAsync(block, 100, throwOnEndOfStream: false), Is.EqualTo(8));
        await _secure.WriteAsync("answer"u8.ToArray());
        await _secure.ShutdownAsync();
        _peer.Shutdown(SocketShutdown.Send);
        Assert.That(await reading, Is.EqualTo("answer"u8.ToArray()));
        Assert.That(_connection.IsCut, Is.False);
    });

    [Test]
    public Task A_reset_ends_the_write_that_waits() => OnLoopAsync(async () =>
    {
        Task writing = Bytes.WriteUntilGoneAsync(_connection.Output);
        Assert.That(writing.IsCompleted, Is.False);
        _peer.LingerState = new LingerOption(true, 0);
        _peer.Close();
        await writing;
        await Bytes.WriteUntilGoneAsync(_connection.Output);
    });

    [Test]
    public Task Abort_from_another_thread_ends_the_write_that_waits() => OnLoopAsync(async () =>
    {
        Task writing = Bytes.WriteUntilGoneAsync(_connection.Output);
        Assert.That(writing.IsCompleted, Is.False);
        await Task.Run(_connection.Abort);
        await writing;
    });

    [Test]
    public Task Dispose_ends_the_write_that_waits_for_a_peer_that_reads_nothing() => OnLoopAsync(async () =>
    {
        Task writing = Bytes.WriteUntilGoneAsync(_connection.Output);
        Assert.That(writing.IsCompleted, Is.False);
        _connection.Abort();
        await _connection.DisposeAsync();
        await writing;
    });

    private Task OnLoopAsync(Func<Task> body) => LoopbackPair.OnLoopAsync(_connection.Loop, body);
}
