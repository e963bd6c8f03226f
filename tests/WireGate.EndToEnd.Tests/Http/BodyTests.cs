using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A placeholder in the body of a path that a login names.</summary>
internal sealed class BodyTests : HttpFixture
{
    [Test]
    public async Task Curl_sends_it_in_a_form()
    {
        ToolResult result = await CurlAsync(
            [Url("stripe", "/v1/oauth/token"), "-d", "grant_type=authorization_code", "--data-urlencode", $"client_secret={await TokenAsync("stripe")}", "-d", "code=ac_1"]);

        result.Succeeded();
        Assert.That(BodySeen(), Is.EqualTo($"grant_type=authorization_code&client_secret={NginxHost.Token}&code=ac_1"));
    }

    [Test]
    public async Task Node_sends_it_in_JSON()
    {
        const string Script =
            """
            fetch(process.env.WG_URL, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code: 'é', client_secret: process.env.WG_PLACEHOLDER }) })
              .then(r => r.text()).then(t => process.stdout.write(t))
            """;
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/env", ["node", "-e", Script],
            new Dictionary<string, string> { ["WG_URL"] = Url("stripe", "/v1/oauth/token"), ["WG_PLACEHOLDER"] = await TokenAsync("stripe") });

        result.Succeeded();
        Assert.That(BodySeen(), Does.Contain($"\"client_secret\":\"{NginxHost.Token}\"").And.Not.Contain("wgp_"));
    }

    [Test]
    public async Task Other_paths_and_other_fields_do_not_pass()
    {
        string token = await TokenAsync("stripe");
        string[] codes =
        [
            .. await Task.WhenAll(new[] { ("/v1/other", "client_secret"), ("/v1/oauth/token", "other") }.Select(
                async c => (await CurlAsync([Url("stripe", c.Item1), "-d", $"{c.Item2}={token}", "-o", "/dev/null", "-w", "%{http_code}"])).Succeeded().Output)),
        ];

        Assert.That(codes, Is.EqualTo(new[] { "401", "400" }));
    }

    [Test]
    public async Task The_other_paths_of_the_login_take_it_in_the_head() =>
        Assert.That((await CurlAsync(["-u", $"{await TokenAsync("stripe")}:", Url("stripe", "/v1/charges"), "-d", "amount=1"])).Succeeded().Output,
            Does.Contain(Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{NginxHost.Token}:"))));

    protected override string Edit(string config) => config
        .Replace(
            "targets:\n",
            $"targets:\n  stripe: {{ protocol: http, address: \"http://127.0.0.1:{Node.Port}\", path: /stripe, logins: {{ key: {{ basic: {{ user: real }}, "
            + "body: { pointer: /client_secret, paths: [/v1/oauth/token], secret: real } } } }\n",
            StringComparison.Ordinal)
        .Replace("targets: [nginx,", "targets: [stripe, nginx,", StringComparison.Ordinal);

    /// <summary>The last that node has said of a body.</summary>
    private string BodySeen() => Node.Records.Last(r => r.TryGetProperty("body", out _)).GetProperty("body").GetString()!;
}
