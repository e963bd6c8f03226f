using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using WireGate.Core.Policy.Facts;
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
        _gateway = await KubernetesGateway.StartAsync(Places.Kubectl, _server.Port, _server.Authority, ApiServer.Token, _server.ClientCertificate);
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
            Places.Kubectl, ["--kubeconfig", _alice, "--server", $"https://127.0.0.1:{_server.Port}", "--certificate-authority", _server.Authority, "get", "pods"]);
        Assert.That(past.Error, Does.Contain("You must be logged in to the server"), past.ToString());
    }

    [Test]
    public async Task What_changes_is_seen_by_a_watch()
    {
        await using RunningProcess watch = _gateway.Kubectl(_alice, "get", "pods", "-w", "-L", "seen");
        await Wait.UntilAsync(() => watch.Output.Contains("web-2", StringComparison.Ordinal), "the pods to be listed");
        await _server.AdminAsync("", "-n", "shop", "label", "pod", "web-2", "seen=by-the-watch", "--overwrite");

        await Wait.UntilAsync(() => watch.Output.Contains("by-the-watch", StringComparison.Ordinal), "the change to be shown");
    }

    [Test]
    public async Task A_program_runs_with_its_input_its_two_outputs_and_its_exit_code()
    {
        ToolResult result = await _gateway.KubectlAsync(_alice, ["exec", "-i", "web-1", "--", "sh", "-c", "tr a-z A-Z; echo oops >&2; exit 7"], "from here\n");

        Assert.That((result.ExitCode, result.Output), Is.EqualTo((7, "FROM HERE\n")), result.ToString());
        Assert.That(result.Error, Does.StartWith("oops\n"));
    }

    [Test]
    public async Task A_megabyte_is_copied_there_and_back()
    {
        string folder = Directory.CreateTempSubdirectory("wiregate-cp-").FullName;
        try
        {
            byte[] noise = RandomNumberGenerator.GetBytes(1_000_000);
            await File.WriteAllBytesAsync(Path.Combine(folder, "noise"), noise);
            (await KubectlAsync("cp", Path.Combine(folder, "noise"), "shop/web-1:noise")).Succeeded();
            (await KubectlAsync("cp", "shop/web-1:noise", Path.Combine(folder, "back"))).Succeeded();

            Assert.That(await File.ReadAllBytesAsync(Path.Combine(_server.Files, "web-1", "noise")), Is.EqualTo(noise));
            Assert.That(await File.ReadAllBytesAsync(Path.Combine(folder, "back")), Is.EqualTo(noise));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Test]
    public async Task A_log_is_followed_as_it_grows()
    {
        await using RunningProcess logs = _gateway.Kubectl(_alice, "logs", "-f", "web-1");

        await Wait.UntilAsync(() => logs.Output.Contains("line 7\n", StringComparison.Ordinal), "lines that are written meanwhile");
    }

    [Test]
    public async Task Attached_input_comes_back()
    {
        ToolResult result = await _gateway.KubectlAsync(_alice, ["attach", "-i", "web-1"], "hello\n");

        Assert.That(result.Succeeded().Output, Does.Contain("attached to web-1\n").And.Contain("hello\n"));
    }

    [Test]
    public async Task A_port_is_forwarded()
    {
        using var echo = new TcpListener(IPAddress.Loopback, 0);
        echo.Start();
        int local = Ports.Free(), there = ((IPEndPoint)echo.LocalEndpoint).Port;
        await using RunningProcess forward = _gateway.Kubectl(_alice, "port-forward", "pod/web-1", $"{local}:{there}");
        await Wait.UntilAsync(() => forward.Output.Contains("Forwarding from 127.0.0.1", StringComparison.Ordinal), "kubectl to listen");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, local);
        using TcpClient served = await echo.AcceptTcpClientAsync().WaitAsync(Wait.Limit);
        byte[] noise = RandomNumberGenerator.GetBytes(300_000), back = new byte[noise.Length];
        Task sent = client.GetStream().WriteAsync(noise).AsTask();
        await served.GetStream().ReadExactlyAsync(back).AsTask().WaitAsync(Wait.Limit);
        await sent;
        Assert.That(back, Is.EqualTo(noise));

        await served.GetStream().WriteAsync("answer"u8.ToArray());
        await client.GetStream().ReadExactlyAsync(back.AsMemory(0, 6)).AsTask().WaitAsync(Wait.Limit);
        Assert.That(Encoding.ASCII.GetString(back, 0, 6), Is.EqualTo("answer"));
    }

    [TestCase("--server-side")]
    [TestCase("--server-side=false")]
    public async Task An_object_is_applied_changed_and_deleted(string how)
    {
        string name = how == "--server-side" ? "on-the-server" : "on-the-client";
        string Manifest(string value) => $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {name} }}\ndata: {{ key: {value} }}\n";

        Assert.That((await _gateway.KubectlAsync(_alice, ["apply", how, "-f", "-"], Manifest("one"))).Succeeded().Output, Does.StartWith($"configmap/{name} "));
        Assert.That((await _gateway.KubectlAsync(_alice, ["apply", how, "-f", "-"], Manifest("two"))).Succeeded().Output, Does.StartWith($"configmap/{name} "));
        Assert.That((await KubectlAsync("get", "configmap", name, "-o", "jsonpath={.data.key}")).Succeeded().Output, Is.EqualTo("two"));
        Assert.That((await KubectlAsync("delete", "configmap", name)).Succeeded().Output, Does.Contain("deleted"));
    }

    [TestCase("get secrets", "denied by rule \"no-secrets\": ask the vault")]
    [TestCase("get pods --all-namespaces", "denied: no rule allows it")]
    [TestCase("get node there", "denied: no rule allows it")]
    [TestCase("delete node here", "denied: no rule allows it")]
    [TestCase("--as=root get pods", "the field Impersonate-User is not yours to send")]
    public async Task What_is_refused_is_said_as_the_API_server_would(string arguments, string why)
    {
        ToolResult result = await _gateway.KubectlAsync(_alice, arguments.Split(' '), "{}");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("Error from server (Forbidden): ").And.Contain(why).IgnoreCase, result.ToString());
    }

    [Test]
    public async Task No_token_of_a_service_account_is_made()
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/curl",
            [
                "-q", "-sS", "--noproxy", "*", "--cacert", _gateway.Authority, "-H", $"Authorization: Bearer {await TokenAsync()}", "-d", "{}",
                $"https://127.0.0.1:{_gateway.Port}/prod/api/v1/namespaces/shop/serviceaccounts/default/token",
            ]);

        Assert.That(result.Succeeded().Output, Does.Match("^{\"kind\":\"Status\",.*denied by rule \\\\\"credential-minting\\\\\".*\"reason\":\"Forbidden\",\"code\":403}\n$"));
    }

    [Test]
    public async Task What_is_named_is_allowed_alone() =>
        Assert.That((await KubectlAsync("get", "node", "here", "-o", "name")).Succeeded().Output, Is.EqualTo("node/here\n"));

    [Test]
    public async Task The_clusters_own_rules_see_who_is_calling()
    {
        string bob = await _gateway.KubeconfigAsync("dev", subject: "bob");
        ToolResult refused = await _gateway.KubectlAsync(bob, ["get", "pods"]);
        string itself = await _gateway.KubeconfigAsync(login: "itself");
        ToolResult asItself = await _gateway.KubectlAsync(itself, ["get", "pods"]);

        Assert.That(refused.Error, Does.Contain("User \"wg:bob\" cannot list resource \"pods\""));
        Assert.That(asItself.Error, Does.Contain("User \"wiregate\" cannot list resource \"pods\""));
    }

    [Test]
    public async Task A_login_may_be_a_certificate()
    {
        string config = await _gateway.KubeconfigAsync(login: "cert");
        Assert.That((await _gateway.KubectlAsync(config, ["get", "pods", "-o", "name"])).Succeeded().Output, Is.EqualTo("pod/web-1\npod/web-2\n"));

        ToolResult program = await _gateway.KubectlAsync(config, ["exec", "web-2", "--", "echo", "ran"]);
        Assert.That(program.Succeeded().Output, Is.EqualTo("ran\n"));
    }

    [Test]
    public async Task Names_that_are_not_plain_ones_reach_it_as_they_are()
    {
        string config = await _gateway.KubeconfigAsync("dev", subject: "Zoë Müller, z@example.com");

        Assert.That((await _gateway.KubectlAsync(config, ["get", "pods"])).Error, Does.Contain("User \"wg:Zoë Müller, z@example.com\" cannot list"));
    }

    [Test]
    public async Task A_WebSocket_runs_a_program_too()
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("v4.channel.k8s.io");
        socket.Options.SetRequestHeader("Authorization", $"Bearer {await TokenAsync()}");
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(_gateway.Authority);
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.Add(authority);
            return certificate is X509Certificate2 shown && chain.Build(shown);
        };
        using var deadline = new CancellationTokenSource(Wait.Limit);
        var place = new Uri($"wss://127.0.0.1:{_gateway.Port}/prod/api/v1/namespaces/shop/pods/web-1/exec?command=echo&command=ran&stdout=true&stderr=true");
        await socket.ConnectAsync(place, deadline.Token);
        var channels = new StringBuilder[] { new(), new(), new(), new() };
        byte[] block = new byte[4096];
        WebSocketReceiveResult got;
        while ((got = await socket.ReceiveAsync(block, deadline.Token)).MessageType != WebSocketMessageType.Close)
        {
            channels[block[0]].Append(Encoding.UTF8.GetString(block, 1, got.Count - 1));
        }

        Assert.That((channels[1].ToString(), channels[2].ToString()), Is.EqualTo(("ran\n", "")));
        Assert.That(channels[3].ToString(), Does.Contain("\"Success\""));
    }

    [Test]
    public async Task Each_request_is_in_the_audit_log_as_the_API_server_reads_it()
    {
        (await KubectlAsync("exec", "web-1", "--", "true")).Succeeded();

        Assert.That(await _gateway.AuditAsync(), Does.Match(
            "\"event\":\"operation\".*\"verdict\":\"allow\",\"rule\":\"shop\".*\"query\":\"[^\"]*command=true[^\"]*\",\"upgrade\":\"SPDY/3.1\","
            + "\"verb\":\"create\",\"resource\":\"pods\",\"subresource\":\"exec\",\"namespace\":\"shop\",\"name\":\"web-1\""));
    }

    /// <summary>What the stand-in of every run answers with; WIREGATE_RECORD=1 writes it anew.</summary>
    [Test]
    public async Task What_was_recorded_is_what_it_is_asked()
    {
        await using var relay = new RecordingRelay(_server.Port, _server.Authority);
        await using KubernetesGateway gateway = await KubernetesGateway.StartAsync(Places.Kubectl, relay.Port, relay.Authority, ApiServer.Token);
        string alice = await gateway.KubeconfigAsync();
        (await gateway.KubectlAsync(alice, RecordedScript.Get)).Succeeded();
        await RecordedScript.WatchAsync(gateway, alice, () => _server.AdminAsync("", "-n", "shop", "label", "pod", "web-2", $"seen={RecordedScript.Change}", "--overwrite"));
        await gateway.KubectlAsync(alice, RecordedScript.Exec, RecordedScript.Input);
        (await gateway.KubectlAsync(alice, RecordedScript.Logs)).Succeeded();
        if (Environment.GetEnvironmentVariable("WIREGATE_RECORD") == "1")
        {
            RecordedExchange.Save(relay.Exchanges.DistinctBy(e => e.Request).OrderBy(e => e.Request, StringComparer.Ordinal));
        }

        static string Timeless(RecordedExchange exchange) => Regex.Replace(exchange.Request, "resourceVersion=[0-9]+", "resourceVersion=…");
        Assert.That(relay.Exchanges.Select(Timeless).Distinct(), Is.EquivalentTo(RecordedExchange.Load().Select(Timeless)));
    }

    /// <summary>Who may do nothing is told by the API server what it has read: that is what our rules have to see.</summary>
    [TestCase("GET /api/v1/namespaces/shop/%70ods/a")]
    [TestCase("GET /api/v1/namespaces/shop/pods/")]
    [TestCase("GET /api/v1/namespaces/shop")]
    [TestCase("HEAD /api/v1/namespaces/shop/pods")]
    [TestCase("GET /api/v1/pods?watch")]
    [TestCase("GET /api/v1/pods?watch=")]
    [TestCase("GET /api/v1/pods?watch=no")]
    [TestCase("GET /api/v1/pods?watch=0")]
    [TestCase("GET /api/v1/pods?watch=FALSE")]
    [TestCase("GET /api/v1/pods?Watch=1")]
    [TestCase("GET /api/v1/watch/namespaces/shop/pods/a")]
    [TestCase("GET /apis/apps/v1/watch/deployments")]
    [TestCase("GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Da")]
    [TestCase("GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name==a,status.phase=Running&limit=1")]
    [TestCase("GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name!=a")]
    [TestCase("GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name=a%2Fb")]
    [TestCase("DELETE /api/v1/namespaces/shop/pods?fieldSelector=metadata.name=a")]
    [TestCase("POST /api/v1/namespaces/shop/pods/a/exec?command=b")]
    [TestCase("GET /api/v1/namespaces/shop/pods/a/proxy/b/c")]
    [TestCase("PUT /api/v1/namespaces/shop/finalize")]
    [TestCase("PATCH /api/v1/namespaces/shop/status")]
    [TestCase("PUT /api/v1/namespaces/shop/pods")]
    [TestCase("POST /apis/example.com/v7/things/a/part/more")]
    [TestCase("GET /metrics")]
    [TestCase("DELETE /apis/a/b/")]
    [TestCase("GET /apis/a/b/namespaces")]
    public async Task What_a_request_asks_for_is_what_the_API_server_reads(string request)
    {
        string[] parts = request.Split(' ', '?');
        KubernetesRequest read = KubernetesRequest.Of(
            parts[0], new HttpPath(Encoding.ASCII.GetBytes(parts[1])), HttpQuery.Parse(Encoding.ASCII.GetBytes(parts.ElementAtOrDefault(2) ?? "")));
        string method = parts[0] == "HEAD" ? "GET" : parts[0];
        string target = string.Join('?', parts[1..]);
        ToolResult told = await Tools.RunAsync("/usr/bin/curl",
        [
            "-q", "-sS", "--noproxy", "*", "--path-as-is", "--globoff", "--cacert", _server.Authority, "-H", $"Authorization: Bearer {ApiServer.Token}",
            "-X", method, $"https://127.0.0.1:{_server.Port}{target}",
        ]);

        string part = read.Subresource.Length > 0 ? $"/{read.Subresource}" : "";
        string name = read.Name.Length > 0 && read.Verb != "create" ? $"\\\"{read.Name}\\\" " : "";
        string scope = read.Namespace.Length > 0 ? $" in the namespace \\\"{read.Namespace}\\\"" : " at the cluster scope";
        string expected = read.IsResource
            ? $"{name}is forbidden: User \\\"wiregate\\\" cannot {read.Verb} resource \\\"{read.Resource}{part}\\\" in API group \\\"{read.Group}\\\"{scope}"
            : $"forbidden: User \\\"wiregate\\\" cannot {read.Verb} path \\\"{read.Path.Text.TrimEnd('/')}";
        Assert.That(told.Succeeded().Output, Does.Contain(expected));
    }

    [Test]
    public async Task Check_says_whether_the_logins_may_what_they_need()
    {
        ToolResult result = await _gateway.CommandAsync("check", "--connect");

        Assert.That(result.Output + result.Error, Does.Contain("prod as sa at ").And.Contain("prod as cert at ").And.Not.Contain("may not impersonate"));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    private async Task<string> TokenAsync() => Regex.Match(await File.ReadAllTextAsync(_alice), "token: (wgp_[A-Za-z0-9_]+)").Groups[1].Value;

    private Task<ToolResult> KubectlAsync(params IReadOnlyList<string> arguments) => _gateway.KubectlAsync(_alice, arguments);
}
