using System.Net;

namespace WireGate.Core.Transport;

/// <summary>
/// Connects to whichever of a name's addresses answers first (RFC 8305, section 5): they are tried in their order, another one as soon as the last has failed
/// or said nothing for a while. One that swallows everything costs that while, and not the time that there is for all.
/// </summary>
internal static class AddressRace
{
    /// <summary>RFC 8305, section 8: the recommended delay.</summary>
    internal static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>Makes the connection. Called, and continues, on the loop.</summary>
    /// <param name="loop">Where it lives.</param>
    /// <param name="addresses">In the order in which they are tried.</param>
    /// <param name="port">Of each.</param>
    /// <param name="connect">Connects to one.</param>
    /// <param name="cancellationToken">Nobody waits for it any longer.</param>
    /// <exception cref="IOException">None of them can be reached: why not the one that failed last.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal static async ValueTask<Connection> ConnectAsync(
        EventLoop loop, IPAddress[] addresses, int port, Func<IPEndPoint, CancellationToken, ValueTask<Connection>> connect, CancellationToken cancellationToken)
    {
        if (addresses.Length == 1)
        {
            return await connect(new IPEndPoint(addresses[0], port), cancellationToken);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var under = new List<Task<Connection>>();
        IOException? last = null;
        try
        {
            for (int next = 0; next < addresses.Length || under.Count > 0;)
            {
                var awaited = new List<Task>(under);
                if (next < addresses.Length)
                {
                    Task<Connection> begun = connect(new IPEndPoint(addresses[next++], port), over.Token).AsTask();
                    under.Add(begun);
                    awaited.Add(begun);
                }

                if (next < addresses.Length)
                {
                    awaited.Add(Task.Delay(Stagger, over.Token));
                }

                await Task.WhenAny(awaited);
                await loop.Switch();
                foreach (Task<Connection> done in under.FindAll(t => t.IsCompleted))
                {
                    under.Remove(done);
                    try
                    {
                        return await done;
                    }
                    catch (IOException e)
                    {
                        last = e;
                    }
                }
            }

            throw last ?? new IOException("the name has no address");
        }
        finally
        {
            over.Cancel();
            foreach (Task<Connection> loser in under)
            {
                _ = LetGoAsync(loop, loser);
            }
        }
    }

    private static async Task LetGoAsync(EventLoop loop, Task<Connection> loser)
    {
        Connection connection;
        try
        {
            connection = await loser;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return;
        }

        await loop.Switch();
        await connection.DisposeAsync();
    }
}
