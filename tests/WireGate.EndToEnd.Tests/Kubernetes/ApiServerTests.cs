using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>kubectl through the gateway to a real API server, by a command of its own: <c>tests/run --kubernetes</c>.</summary>
internal sealed class ApiServerTests
{
    private ApiServer _server = null!;
    private KubernetesGateway _gateway = null!;
    private string _alice = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = await ApiServer.StartAsync();
        _gateway = await KubernetesGateway.StartAsync(ApiServer.Kubectl, _server.Port, _server.Authority, ApiServer.Token, _server.ClientCertificate);
        _alice = await _gateway.KubeconfigAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (IAsyncDisposable? started in (IAsyncDisposable?[])[_gateway, _server])
        {
            if (started is not null)
            {
                await started.DisposeAsync();
            }
        }
    }

    [Test]
    public async Task Get_shows_what_is_there()
    {
        ToolResult result = (await KubectlAsync("get", "pods")).Succeeded();

        Assert.That(result.Output, Does.Match(@"(?s)^NAME +READY.*\nweb-1 .*Running.*\nweb-2 .*Running"));
    }

    [Test]
    public async Task A_kubeconfig_holds_nothing_that_the_API_server_takes()
    {
        string text = await File.ReadAllTextAsync(_alice);

        Assert.That(text, Does.Match("token: wgp_").And.Not.Contain(ApiServer.Token));
        ToolResult past = await Tools.RunAsync(
            ApiServer.Kubectl, ["--kubeconfig", _alice, "--server", $"https://127.0.0.1:{_server.Port}", "--certificate-authority", _server.Authority, "get", "pods"]);
        Assert.That(past.Error, Does.Contain("You must be logged in to the server"), past.ToString());
    }

    private Task<ToolResult> KubectlAsync(params IReadOnlyList<string> arguments) => _gateway.KubectlAsync(_alice, arguments);
}
