using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Demo;

/// <summary>A throw-away HTTP API on loopback. It answers whoever has its token, which only the gateway has.</summary>
[SupportedOSPlatform("linux")]
internal sealed class DemoApi : IAsyncDisposable
{
    private const string Customers = """[{"id":1,"name":"Ada Lovelace","card":"4111 1111 1111 1111","apiToken":"tok_5f0c1a77e2"}]""";

    private readonly HttpListener _listener = new();
    private readonly string _root;
    private readonly int _port;
    private Task _serving = Task.CompletedTask;

    private DemoApi(string root, int port, int gatewayPort)
    {
        (_root, _port, GatewayPort) = (root, port, gatewayPort);
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
    }

    /// <summary>Where the gateway listens for HTTP, on 127.0.0.1.</summary>
    public int GatewayPort { get; }

    /// <summary>The real token, readable by the gateway's user only.</summary>
    public string TokenFile => Path.Combine(_root, "crm-token");

    /// <summary>Lines of the gateway's config.</summary>
    public string Listener => $"- {{ name: web, protocol: http, address: \"127.0.0.1:{GatewayPort}\" }}";

    /// <inheritdoc cref="Listener"/>
    public string Secret => $"crm-token: {{ file: {TokenFile} }}";

    /// <inheritdoc cref="Listener"/>
    public string Upstream => $"crm: {{ protocol: http, address: \"http://127.0.0.1:{_port}\", path: /crm, logins: {{ app: {{ bearer: crm-token }} }}, mask: [tokens] }}";

    /// <exception cref="HttpListenerException">The port was taken meanwhile.</exception>
    public static DemoApi Start(string root, int port, int gatewayPort)
    {
        var api = new DemoApi(root, port, gatewayPort);
        byte[] token = Encoding.ASCII.GetBytes("Bearer " + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)));
        using (var file = new FileStream(api.TokenFile, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(token.AsSpan("Bearer ".Length));
        }

        api._listener.Start();
        api._serving = api.ServeAsync(token);
        return api;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync(byte[] token)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            string given = context.Request.Headers["Authorization"] ?? "";
            bool isKnown = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(given), token);
            (int status, string body) = (isKnown, context.Request.HttpMethod, context.Request.Url?.AbsolutePath) switch
            {
                (false, _, _) => (401, """{"error":"who are you?"}"""),
                (_, "GET", "/customers") => (200, Customers),
                // As many do to whoever looks for a mistake.
                (_, "GET", "/echo") => (200, $$"""{"authorization":"{{given}}"}"""),
                (_, "DELETE", _) => (200, """{"deleted":true}"""),
                _ => (404, """{"error":"no such thing"}"""),
            };
            try
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = "application/json";
                context.Response.Close(Encoding.UTF8.GetBytes(body + "\n"), willBlock: false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Whoever asked did not wait.
            }
        }
    }
}
