using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Weaknesses.WeaknessHouse;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>What stands in a config, or does not: each default refuses, and no secret is shown.</summary>
internal sealed class ConfigurationWeaknesses
{
    // hoop (2.1, 6.2): sslmode prefer by default, and without verification; skybridge, clawpatrol, hoop-inspect (6.1 n): open until told.
    [TestCase("mode: verify-full", "mode: prefer")]
    [TestCase("mode: verify-full", "mode: require")]
    [TestCase("real: { file: ", "real: { value: ")]
    [TestCase("do: deny }", "do: deny, enforce: false }")]
    [TestCase("do: deny }", "do: log }")]
    [TestCase("match: { target: guarded, operations: all }", "match: { target: guarded }")]
    [TestCase("list:", "default: hold\n  list:")]
    [TestCase("audit: ", "# audit: ")]
    [TestCase("operations: all", "operations: al")]
    [TestCase("approvers: { groups: [dba] }", "approvers: { groups: [dba], count: 0 }")]
    [TestCase("approvers: { groups: [dba] }, ", "")]
    [TestCase("with: last4", "with: none")]
    [TestCase("mask: [pii]", "mask: [pi]")]
    public async Task Refuses_a_config_that_would_be_open(string written, string instead)
    {
        string file = Path.Combine(Path.GetDirectoryName(Gateway.ConfigPath)!, "open.yaml");
        Assert.That(Gateway.ConfigText, Does.Contain(written));
        PrivateFile.Write(file, Gateway.ConfigText.Replace(written, instead, StringComparison.Ordinal));

        ToolResult check = await Tools.RunAsync(Places.Gateway, ["check", "--config", file]);

        Assert.That(check.ExitCode, Is.EqualTo(2), check.ToString());
        Assert.That(check.Error + check.Output, Does.Match(@"open\.yaml:\d+:\d+"));
    }

    // hoop (3.6), agent-vault: a credential lives for ever unless somebody says otherwise.
    [Test]
    public async Task A_placeholder_expires_though_nobody_said_when()
    {
        ToolResult minted = (await Gateway.CommandAsync("placeholder", "mint", "--subject", "alice", "--group", "agents", "--target", "orders", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(minted.Output);

        Assert.That(json.RootElement.GetProperty("expires").GetDateTimeOffset(), Is.LessThan(DateTimeOffset.UtcNow.AddMinutes(16)));
        Assert.That((await Gateway.CommandAsync("placeholder", "mint", "--subject", "alice", "--group", "agents", "--target", "orders", "--ttl", "9000h")).ExitCode, Is.Not.Zero);
    }

    // clawpatrol: "fetch secret: …" goes to the client; hoop (6.2): the agent prints parameters that it cannot read.
    [Test]
    public async Task A_secret_that_cannot_be_had_is_explained_to_the_operator_alone()
    {
        string value = await File.ReadAllTextAsync(LostSecret);
        File.Delete(LostSecret);
        try
        {
            ToolResult refused = await Tools.PsqlAsync(await ToAsync("lost"), "SELECT 1;");

            Assert.That(refused.ExitCode, Is.Not.Zero);
            Assert.That(refused.Error, Does.Contain("(ref ").And.Not.Contain(LostSecret).And.Not.Contain("secret"), refused.ToString());
            ToolResult why = await Gateway.CommandAsync("why", refused.Error.Split("(ref ")[1].Split(')')[0]);
            Assert.That(why.Succeeded().Output, Does.Contain("lost"));
            Assert.That(why.Output + Gateway.Log, Does.Not.Contain(value));
        }
        finally
        {
            PrivateFile.Write(LostSecret, value);
        }
    }

    // hoop (3.7, 6.2), its SSM key: whoever reads the gateway's files can log in.
    [Test]
    public async Task No_file_of_the_gateway_but_the_one_of_the_secret_holds_what_opens_anything()
    {
        Minted placeholder = await Gateway.MintAsync();
        await using RawSession session = await RawSession.OpenAsync(Gateway.Through(placeholder, database: Database) with { User = "alice@orders" });
        string root = Path.GetDirectoryName(Gateway.ConfigPath)!;

        foreach (string file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(f => f != Gateway.SecretFile && !f.EndsWith(".lock", StringComparison.Ordinal) && f != Gateway.AdminSocket && !f.StartsWith(Gateway.SocketDirectory, StringComparison.Ordinal)))
        {
            // The daemon writes to some of them.
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
            string text = await reader.ReadToEndAsync();
            Assert.That(text.Contains(placeholder.Token, StringComparison.Ordinal) || text.Contains(Cluster.Password, StringComparison.Ordinal), Is.False, file);
        }
    }
}
