using System.Net;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>Real nginx with a config of its own. The system's is not touched.</summary>
internal static class NginxProcess
{
    /// <param name="root">A folder of its own.</param>
    /// <param name="port">Where it listens, on loopback.</param>
    /// <param name="http">What its <c>http</c> has, in nginx's words.</param>
    public static async Task<RunningProcess> StartAsync(string root, int port, string http)
    {
        string path = Path.Combine(root, "nginx.conf");
        PrivateFile.Write(path, $$"""
            {{(Unix.IsRoot ? $"user {Environment.UserName};" : "")}}
            daemon off;
            worker_processes 1;
            pid {{root}}/nginx.pid;
            error_log stderr;
            events { worker_connections 1024; }
            http {
              client_body_temp_path {{root}}/body;
              proxy_temp_path {{root}}/proxy;
              fastcgi_temp_path {{root}}/fastcgi;
              uwsgi_temp_path {{root}}/uwsgi;
              scgi_temp_path {{root}}/scgi;
              {{http}}
            }

            """);
        RunningProcess process = RunningProcess.Start("/usr/sbin/nginx", ["-p", root, "-c", path, "-e", "stderr"]);
        await Wait.UntilAsync(
            async () => process.HasExited ? throw new InvalidOperationException($"nginx ended:\n{process.Error}") : await Ports.AcceptsAsync(IPAddress.Loopback, port),
            "nginx to serve");
        return process;
    }
}
