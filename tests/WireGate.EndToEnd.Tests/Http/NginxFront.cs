using System.Net;
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
        string path = Path.Combine(root, "nginx.conf");
        PrivateFile.Write(path, $$"""
            {{(Unix.IsRoot ? $"user {Environment.UserName};" : "")}}
            daemon off;
            worker_processes 1;
            pid {{root}}/nginx.pid;
            error_log stderr;
            events { worker_connections 1024; }
            http {
              access_log off;
              client_body_temp_path {{root}}/body;
              proxy_temp_path {{root}}/proxy;
              fastcgi_temp_path {{root}}/fastcgi;
              uwsgi_temp_path {{root}}/uwsgi;
              scgi_temp_path {{root}}/scgi;
              server { {{server}} }
            }

            """);
        RunningProcess process = RunningProcess.Start("/usr/sbin/nginx", ["-p", root, "-c", path, "-e", "stderr"]);
        await Wait.UntilAsync(
            async () => process.HasExited ? throw new InvalidOperationException($"nginx ended:\n{process.Error}") : await Ports.AcceptsAsync(IPAddress.Loopback, port),
            "nginx to serve");
        return new NginxFront(root, process);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
