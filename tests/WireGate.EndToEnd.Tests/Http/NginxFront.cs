using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real nginx before the gateway, with one server.</summary>
internal sealed class NginxFront : IAsyncDisposable
{
    private readonly string _root;
    private readonly RunningProcess _process;

    private NginxFront(string root, RunningProcess process) => (_root, _process) = (root, process);

    /// <param name="port">Where it listens, on loopback.</param>
    /// <param name="server">What its server has, in nginx's words.</param>
    public static async Task<NginxFront> StartAsync(int port, string server)
    {
        string root = Places.Temporary("nginx-front");
        return new NginxFront(root, await NginxProcess.StartAsync(root, port, $"access_log off; server {{ {server} }}"));
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
