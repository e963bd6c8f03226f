using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A real nginx on loopback with a config of its own: files, uploads, a certificate of a test authority, and HTTP/2 over that. The system's is not touched.</summary>
internal sealed class NginxHost : IHttpUpstream
{
    private readonly RunningProcess _process;
    private readonly Certificates _certificates;

    private NginxHost(string root, int port, int tlsPort, Certificates certificates, RunningProcess process) =>
        (Root, Port, TlsPort, _certificates, _process) = (root, port, tlsPort, certificates, process);

    /// <summary>What it wants to be told in Authorization.</summary>
    public static string Token { get; } = "the-real-one-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public string Root { get; }

    /// <summary>What it serves, and where it puts uploads.</summary>
    public string Files => Path.Combine(Root, "files");

    public int Port { get; }

    public int TlsPort { get; }

    public string Target => "nginx";

    /// <summary>PEM of who signed its certificate.</summary>
    public string Authority => _certificates.CaPath;

    public static async Task<NginxHost> StartAsync()
    {
        string root = Places.Temporary("nginx");
        Directory.CreateDirectory(Path.Combine(root, "files"));
        await File.WriteAllBytesAsync(Path.Combine(root, "files", "small"), RandomNumberGenerator.GetBytes(1024));
        (int port, int tlsPort) = (Ports.Free(), Ports.Free());
        var certificates = new Certificates(root);
        (string certificate, string key) = certificates.Issue("nginx");
        RunningProcess process = await NginxProcess.StartAsync(root, port, $$"""
            log_format asked "$request_method $request_uri $status";
            access_log {{root}}/access.log asked;
            keepalive_requests 1000000;
            default_type application/octet-stream;
            server {
              listen 127.0.0.1:{{port}};
              listen 127.0.0.1:{{tlsPort}} ssl http2;
              ssl_certificate {{certificate}};
              ssl_certificate_key {{key}};
              if ($http_authorization != "Bearer {{Token}}") { return 401; }
              root {{root}}/files;
              location / { client_max_body_size 0; dav_methods PUT; }
              location /small-only { client_max_body_size 1m; dav_methods PUT; }
              location = /nothing { return 204; }
              location /any { client_max_body_size 0; return 200 "any"; }
            }
            """);
        return new NginxHost(root, port, tlsPort, certificates, process);
    }

    /// <summary>Of its access log: a request is in it once it is done with.</summary>
    public IReadOnlyList<string> Seen() =>
        [.. File.ReadAllText(Path.Combine(Root, "access.log")).Split('\n')[..^1].Select(line => line[..line.LastIndexOf(' ')])];

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}
