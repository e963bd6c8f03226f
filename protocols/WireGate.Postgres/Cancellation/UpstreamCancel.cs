using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Cancellation;

/// <summary>Passes a cancel request on, over a connection of its own with the target's TLS. The upstream never answers; it closes.</summary>
internal sealed class UpstreamCancel(UpstreamConnector connector)
{
    /// <summary>How long it may take: libpq's PQcancel waits for the close, and a user who pressed Ctrl-C waits for that.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Sends it and waits for the close.</summary>
    /// <returns>Null: passed on. Else why not.</returns>
    public async ValueTask<string?> SendAsync(EventLoop loop, CancelEntry entry, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(Limit, time);
        try
        {
            Connection connection = await connector.ConnectAsync(loop, entry.Target, entry.Address, deadline.Token);
            await using (connection)
            await using (deadline.Token.UnsafeRegister(static c => ((Connection)c!).Abort(), connection))
            {
                connection.Output.WriteCancelRequest(entry.ProcessId, entry.UpstreamKey);
                await connection.Output.FlushAsync(CancellationToken.None);
                ReadResult result = await connection.Input.ReadAsync(CancellationToken.None);
                connection.Input.AdvanceTo(result.Buffer.End);
                return null;
            }
        }
        catch (Exception e) when (e is IOException or ProtocolException or OperationCanceledException)
        {
            return e.Message;
        }
    }
}
