using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport.Tls;

/// <summary>Says over TLS what it is told, behind "echo ". One client after the other.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly EventLoopTransport _transport;
    private readonly Listener _listener;
    private readonly SslServerAuthenticationOptions _options;
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _serving = Task.CompletedTask;

    internal EchoServer(TransportKind kind, SslServerAuthenticationOptions options)
    {
        _options = options;
        _transport = LoopbackPair.Create(kind, e => Assert.Fail(e.ToString()));
        _listener = _transport.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        _listener.Start(c => _serving = ServeAsync(c), _ => { });
    }

    internal EndPoint Address => _listener.LocalEndPoint;

    /// <summary>Waits for a handshake that fails.</summary>
    /// <returns>Why.</returns>
    internal Task<string> EndAsync() => _end.Task;

    public async ValueTask DisposeAsync()
    {
        await _serving;
        await _listener.DisposeAsync();
        await _transport.DisposeAsync();
    }

    private async Task ServeAsync(Connection inner)
    {
        TlsConnection connection;
        try
        {
            connection = await TlsConnection.AcceptAsync(inner, _options, CancellationToken.None);
        }
        catch (ProtocolException e)
        {
            await inner.DisposeAsync();
            _end.SetResult(e.Message);
            return;
        }

        try
        {
            ReadResult result;
            do
            {
                result = await connection.Input.ReadAsync();
                connection.Output.Write("echo "u8);
                await connection.Output.WriteAsync(result.Buffer.ToArray());
                connection.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);
        }
        catch (IOException)
        {
            // The client is gone, or wants what it does not get.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }
}
