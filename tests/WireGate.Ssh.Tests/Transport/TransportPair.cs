using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Ssh.KeyExchange;
using WireGate.Ssh.Keys;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Ssh.Tests.Transport;

/// <summary>Our client's side and our server's side of one connection, through the kernel.</summary>
internal sealed class TransportPair : IAsyncDisposable
{
    private readonly LoopbackPair _pair;
    private readonly SshPrivateKey _hostKey;

    private TransportPair(LoopbackPair pair, SshPrivateKey hostKey, Algorithms? offer, HostKeyCheck? hostKeyCheck)
    {
        _pair = pair;
        _hostKey = hostKey;
        var hostKeys = new HostKeys([hostKey]);
        Server = SshTransport.ToClient(pair.Callee, hostKeys, offer);
        Client = SshTransport.ToUpstream(
            pair.Caller, hostKeys.Algorithms, hostKeyCheck ?? ((key, _) => key.Equals(hostKey.PublicKey) ? null : "another key"), offer);
    }

    /// <summary>What the server reads from and writes to.</summary>
    public Connection Callee => _pair.Callee;

    /// <summary>The gateway towards a client.</summary>
    public SshTransport Server { get; }

    /// <summary>The gateway towards an upstream.</summary>
    public SshTransport Client { get; }

    public static async Task<TransportPair> ConnectAsync(Algorithms? offer = null, HostKeyCheck? hostKeyCheck = null) =>
        new(await LoopbackPair.OpenAsync(TransportKind.Epoll), SshPrivateKey.Generate(), offer, hostKeyCheck);

    /// <summary>Connected, and the first keys exchanged.</summary>
    public static async Task<TransportPair> OpenAsync(Algorithms? offer = null)
    {
        TransportPair pair = await ConnectAsync(offer);
        await pair.OnLoopAsync(() => Task.WhenAll(pair.Server.OpenAsync().AsTask(), pair.Client.OpenAsync().AsTask()));
        return pair;
    }

    /// <summary>Both take the client for proven. On the loop.</summary>
    public async Task AuthenticateAsync()
    {
        Server.Send([(byte)SshMessage.SSH_MSG_SERVICE_ACCEPT]);
        Server.Send([(byte)SshMessage.SSH_MSG_USERAUTH_SUCCESS]);
        Server.StartFlush();
        await Client.ReadAsync();
        await Client.ReadAsync();
        Client.IsAuthenticated = Server.IsAuthenticated = true;
    }

    /// <summary>Lets everything else on the loop run first.</summary>
    public Task YieldAsync()
    {
        var turn = new TaskCompletionSource();
        _pair.Loop.Post(static state => ((TaskCompletionSource)state!).SetResult(), turn);
        return turn.Task;
    }

    public Task OnLoopAsync(Func<Task> body) => _pair.OnLoopAsync(body);

    public async ValueTask DisposeAsync()
    {
        await _pair.OnLoopAsync(() =>
        {
            Server.Dispose();
            Client.Dispose();
            return Task.CompletedTask;
        });
        await _pair.DisposeAsync();
        _hostKey.Dispose();
    }
}
