using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Epoll;
using WireGate.Core.Transport.Streams;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Tls;

namespace WireGate.Testing.Transport;

/// <summary>
/// A transport with one listener of its own, and connections through the kernel from it to itself. With the reactor both ends live on
/// one loop: what a test does with them it does on the loop.
/// </summary>
public sealed class LoopbackPair : IAsyncDisposable
{
    /// <summary>After that a test is not slow but stuck.</summary>
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<TaskCompletionSource<Connection>> _expected = new();

    private LoopbackPair(TransportKind kind, string address)
    {
        Transport = Create(kind, Faults.Enqueue);
        Listener = Transport.Listen(Parse(address), null);
        Listener.Start(Accept, _ => { });
    }

    /// <summary>What moves the bytes.</summary>
    public EventLoopTransport Transport { get; }

    /// <summary>Where <see cref="ConnectAsync"/> connects to.</summary>
    public Listener Listener { get; }

    /// <summary>The first loop.</summary>
    public EventLoop Loop => Transport.Loops[0];

    /// <summary>The end that connected; set by <see cref="ConnectAsync"/>.</summary>
    public Connection Caller { get; private set; } = null!;

    /// <summary>The end that accepted; set by <see cref="ConnectAsync"/>.</summary>
    public Connection Callee { get; private set; } = null!;

    /// <summary>What the loops were told of as our own faults.</summary>
    public ConcurrentQueue<Exception> Faults { get; } = new();

    /// <summary>A transport of the kind, one loop, nothing listening.</summary>
    public static EventLoopTransport Create(TransportKind kind, Action<Exception> faulted) =>
        kind == TransportKind.Streams ? new StreamsTransport() : new EpollTransport(1, null, faulted);

    /// <summary>Listens on the address and connects once.</summary>
    public static async Task<LoopbackPair> OpenAsync(TransportKind kind, string address = "127.0.0.1:0")
    {
        var pair = new LoopbackPair(kind, address);
        (pair.Caller, pair.Callee) = await pair.ConnectAsync();
        return pair;
    }

    /// <summary>The same with TLS on top: the caller is its client, the callee its server.</summary>
    /// <param name="kind">What moves the records.</param>
    /// <param name="certificate">The server's; the client takes no other.</param>
    /// <param name="protocols">What both ends offer.</param>
    public static async Task<LoopbackPair> OpenTlsAsync(
        TransportKind kind, TestCertificate certificate, SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        LoopbackPair pair = await OpenAsync(kind);
        SslServerAuthenticationOptions served = ServerTls.OptionsFor(certificate.Certificate, []);
        served.EnabledSslProtocols = protocols;
        var asked = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            RemoteCertificateValidationCallback = (_, shown, _, _) => certificate.Certificate.RawDataMemory.Span.SequenceEqual(shown?.GetRawCertData()),
        };
        Task<Connection> accepting = OnLoopAsync(pair.Callee, async c => await TlsConnection.AcceptAsync(c, served, CancellationToken.None));
        Task<Connection> connecting = OnLoopAsync(pair.Caller, async c => await TlsConnection.ConnectAsync(c, asked, CancellationToken.None));
        (pair.Caller, pair.Callee) = (await connecting, await accepting);
        return pair;
    }

    /// <summary>An address as the config writes it.</summary>
    public static Address Parse(string address) =>
        Address.TryParse(address, 0, out Address? parsed) ? parsed : throw new ArgumentException(address);

    /// <summary>One more connection: the end that connected, and the end that accepted.</summary>
    public async Task<(Connection Caller, Connection Callee)> ConnectAsync(EndPoint? address = null)
    {
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected.Enqueue(accepted);
        Connection? caller = null;
        await OnLoopAsync(async () => caller = await Loop.ConnectAsync(address ?? Listener.LocalEndPoint, CancellationToken.None));
        return (caller!, await accepted.Task);
    }

    /// <summary>The next connection that somebody else makes to <see cref="Listener"/>. It is the transport's to close.</summary>
    public Task<Connection> AcceptAsync()
    {
        var accepted = new TaskCompletionSource<Connection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _expected.Enqueue(accepted);
        return accepted.Task;
    }

    /// <summary>Runs a test's body on the loop, and comes back on the pool.</summary>
    public Task OnLoopAsync(Func<Task> body) => OnLoopAsync(Loop, body);

    /// <summary>Runs a test's body on a loop, and comes back on the pool.</summary>
    public static async Task OnLoopAsync(EventLoop loop, Func<Task> body)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(body);
        await loop.Switch();
        try
        {
            await body().WaitAsync(Hung);
        }
        finally
        {
            await PoolSwitch.Instance;
        }
    }

    private static async Task<Connection> OnLoopAsync(Connection connection, Func<Connection, Task<Connection>> wrap)
    {
        Connection? wrapped = null;
        await OnLoopAsync(connection.Loop, async () => wrapped = await wrap(connection));
        return wrapped!;
    }

    public async ValueTask DisposeAsync()
    {
        await PoolSwitch.Instance;
        await Listener.DisposeAsync();
        await OnLoopAsync(async () =>
        {
            await Caller.DisposeAsync();
            await Callee.DisposeAsync();
        });
        await Transport.DisposeAsync();
    }

    private void Accept(Connection connection)
    {
        if (_expected.TryDequeue(out TaskCompletionSource<Connection>? expected))
        {
            expected.SetResult(connection);
        }
        else
        {
            connection.Abort();
        }
    }
}
