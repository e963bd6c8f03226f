using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.InteropServices;
using WireGate.Core.Configuration;
using WireGate.Core.Transport;
using WireGate.Testing.Transport;

namespace WireGate.Core.Tests.Transport;

/// <summary>
/// A process of its own that serves an echo, prints its port, and at the first line from its standard input lets itself have hardly
/// any more descriptors for clients than it uses. It ends with its standard input.
/// </summary>
internal static partial class EchoProcess
{
    public const string Verb = "echo";

    /// <summary>Descriptors left for clients.</summary>
    private const int Left = 8;

    private const int RLIMIT_NOFILE = 7;

    public static Process Start(TransportKind kind)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(EchoProcess).Assembly.Location, Verb, kind.ToString() },
        };
        return Process.Start(start)!;
    }

    public static int Run(string transport)
    {
        EventLoopTransport loops = LoopbackPair.Create(Enum.Parse<TransportKind>(transport), e => Console.Error.WriteLine(e));
        Listener listener = loops.Listen(LoopbackPair.Parse("127.0.0.1:0"), null);
        listener.Start(c => _ = ServeAsync(c), _ => { });
        Say(((IPEndPoint)listener.LocalEndPoint).Port);
        Console.In.ReadLine();

        int open = Directory.GetFiles("/proc/self/fd").Length;
        ulong most = (ulong)(open + DescriptorHeadroom.Reserve + Left);
        var limit = new Limit { Soft = most, Hard = most };
        Say(SetLimit(RLIMIT_NOFILE, in limit));
        Console.In.ReadLine();
        return 0;
    }

    private static void Say(int number)
    {
        Console.Out.WriteLine(number.ToString(CultureInfo.InvariantCulture));
        Console.Out.Flush();
    }

    private static async Task ServeAsync(Connection connection)
    {
        try
        {
            while (true)
            {
                ReadResult result = await connection.Input.ReadAsync();
                await connection.Output.WriteAsync(result.Buffer.First);
                connection.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (IOException)
        {
            // The way of streams to say that the peer is gone.
        }
        finally
        {
            await connection.DisposeAsync();
        }
    }

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in Limit limit);

    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
