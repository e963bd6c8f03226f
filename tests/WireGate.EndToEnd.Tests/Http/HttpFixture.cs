using System.Security.Cryptography;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A gateway in front of nginx and node, and placeholders for their targets.</summary>
internal abstract class HttpFixture
{
    private readonly Dictionary<string, Minted> _placeholders = [];

    protected NginxHost Nginx { get; private set; } = null!;

    protected NodeHost Node { get; private set; } = null!;

    protected HttpGateway Gateway { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        Nginx = await NginxHost.StartAsync();
        Node = await NodeHost.StartAsync();
        Gateway = await HttpGateway.StartAsync(Nginx, Node, Edit);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (IAsyncDisposable? started in (IAsyncDisposable?[])[Gateway, Node, Nginx])
        {
            if (started is not null)
            {
                await started.DisposeAsync();
            }
        }
    }

    /// <summary>What the config of a fixture has otherwise than that of the others.</summary>
    protected virtual string Edit(string config) => config;

    /// <summary>A placeholder for a target, the same for all tests.</summary>
    protected async Task<string> TokenAsync(string target)
    {
        if (!_placeholders.TryGetValue(target, out Minted? minted))
        {
            _placeholders[target] = minted = await Gateway.MintAsync(target);
        }

        return minted.Token;
    }

    protected async Task<string> BearerAsync(string target) => $"Authorization: Bearer {await TokenAsync(target)}";

    /// <summary>Where a path of a target is, for a client.</summary>
    protected string Url(string target, string path) => $"http://127.0.0.1:{Gateway.Port}/{target}{path}";

    /// <summary>curl with a placeholder for the target, which is the first path segment.</summary>
    protected async Task<ToolResult> CurlAsync(string target, string path, params string[] arguments) =>
        await CurlAsync(["-H", await BearerAsync(target), Url(target, path), .. arguments]);

    protected static Task<ToolResult> CurlAsync(IReadOnlyList<string> arguments, string input = "") =>
        Tools.RunAsync("/usr/bin/curl", [.. CurlBase, .. arguments], input: input);

    /// <summary>Without what a developer's own files say, and with an end.</summary>
    protected static IReadOnlyList<string> CurlBase { get; } = ["-q", "-sS", "--noproxy", "*", "--max-time", "50"];

    /// <summary>A file of random bytes.</summary>
    protected string Noise(string name, int length)
    {
        string path = Path.Combine(Nginx.Root, name);
        File.WriteAllBytes(path, RandomNumberGenerator.GetBytes(length));
        return path;
    }

    protected static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
