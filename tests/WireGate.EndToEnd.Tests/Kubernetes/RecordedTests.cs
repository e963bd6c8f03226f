using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Kubernetes;

/// <summary>kubectl through the gateway to what a real API server answered: discovery, a list, a watch, a log, and a program over SPDY.</summary>
internal sealed class RecordedTests
{
    private RecordedApiServer _server = null!;
    private KubernetesGateway _gateway = null!;
    private string _alice = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _server = RecordedApiServer.Start();
        _gateway = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token);
        _alice = await _gateway.KubeconfigAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _gateway.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Get_discovers_and_lists()
    {
        ToolResult result = (await _gateway.KubectlAsync(_alice, RecordedScript.Get)).Succeeded();

        Assert.That(result.Output, Does.Match(@"(?s)^NAME +READY.*\nweb-1 .*Running.*here.*\nweb-2 .*Running.*here"));
        Assert.That(_server.Heads, Has.All.Match($@"\r\nAuthorization: Bearer {ApiServer.Token}\r\nImpersonate-User: wg:alice\r\nImpersonate-Group: wg:sre\r\nImpersonate-Extra-placeholder: \w+\r\n"));
        Assert.That(_server.Heads, Has.None.Contain("wgp_"));
    }

    [Test]
    public async Task A_watch_shows_what_changes() => await RecordedScript.WatchAsync(_gateway, _alice, () => Task.CompletedTask);

    [Test]
    public async Task A_program_runs_over_SPDY()
    {
        ToolResult result = await _gateway.KubectlAsync(_alice, RecordedScript.Exec, RecordedScript.Input);

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "FROM HERE\n")), result.ToString());
        Assert.That(result.Error, Does.StartWith("oops\n"));
        Assert.That(await _gateway.AuditAsync(), Does.Match("\"upgrade\":\"SPDY/3.1\",\"verb\":\"create\",\"resource\":\"pods\",\"subresource\":\"exec\",\"namespace\":\"shop\",\"name\":\"web-1\""));
    }

    [Test]
    public async Task A_log_is_shown() =>
        Assert.That((await _gateway.KubectlAsync(_alice, RecordedScript.Logs)).Succeeded().Output, Is.EqualTo("line 0\nline 1\nline 2\n"));

    [TestCase("get secrets", "denied by rule \"no-secrets\": ask the vault")]
    [TestCase("get pods --all-namespaces", "denied: no rule allows it")]
    [TestCase("delete node here", "denied: no rule allows it")]
    [TestCase("--as=root get pods", "the field Impersonate-User is not yours to send")]
    public async Task What_is_refused_is_said_as_the_API_server_would(string arguments, string why)
    {
        ToolResult result = await _gateway.KubectlAsync(_alice, arguments.Split(' '));

        Assert.That(result.Error, Does.StartWith("Error from server (Forbidden): ").And.Contain(why).IgnoreCase, result.ToString());
    }

    [Test]
    public async Task Who_is_refused_runs_nothing()
    {
        string gone = await _gateway.KubeconfigAsync(subject: "carol");
        string id = System.Text.RegularExpressions.Regex.Match(await File.ReadAllTextAsync(gone), "wgp_([A-Za-z0-9]+)_").Groups[1].Value;
        (await _gateway.CommandAsync("placeholder", "revoke", id)).Succeeded();

        ToolResult result = await _gateway.KubectlAsync(gone, RecordedScript.Exec, "");
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.Match("^error: You must be logged in to the server \\(the placeholder was not accepted \\(ref \\w+\\)\\)\n$"));
    }
}
