using System.Text.Json;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Who may approve what is held, and how many of them it takes.</summary>
internal sealed class HoldApproverTests : HoldFixture
{
    [TestCase(Alice)]
    [TestCase("root")]
    [TestCase(Unmapped)]
    public async Task Some_never_approve(string user)
    {
        await using RunningProcess psql = Psql("INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        ToolResult refused = await ApproveAsync(user, id);

        Assert.That(refused.ExitCode, Is.Not.Zero, refused.ToString());
        Assert.That(await StateAsync(id), Is.EqualTo("pending"));
        (await ApproveAsync(Approver, id)).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Zero);
    }

    [Test]
    public async Task Whoever_minted_the_placeholder_never_approves_what_is_done_with_it()
    {
        ToolResult minted = (await Gateway.CommandAsAsync(
            Minter, "placeholder", "mint", "--subject", "carol", "--group", "agents", "--target", "orders", "--json")).Succeeded();
        using JsonDocument json = JsonDocument.Parse(minted.Output);
        Endpoint carol = Endpoint with { User = "carol", Password = json.RootElement.GetProperty("token").GetString()! };
        await using RunningProcess psql = Psql(carol, "INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        ToolResult refused = await ApproveAsync(Minter, id);

        Assert.That(refused.ExitCode, Is.Not.Zero, refused.ToString());
        Assert.That(refused.Error, Does.Contain("somebody else"));
        (await ApproveAsync(Approver, id)).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
    }

    [Test]
    public async Task Whoever_leaves_the_group_before_it_is_decided_has_said_nothing()
    {
        await using RunningProcess psql = Psql("INSERT INTO twice VALUES (1)");
        string id = await IdAsync(psql);
        (await ApproveAsync(Approver, id)).Succeeded();
        string config = await File.ReadAllTextAsync(Gateway.ConfigPath);
        try
        {
            await ReloadAsync(config.Replace($"{{ user: {Approver}, subject: ann, groups: [dba] }}", $"{{ user: {Approver}, subject: ann }}", StringComparison.Ordinal));

            Assert.That((await ApproveAsync(Second, id)).Succeeded().Output, Does.Contain("more people are needed"));
            Assert.That(await CountAsync("twice"), Is.Zero);
        }
        finally
        {
            await ReloadAsync(config);
        }

        (await Gateway.CommandAsAsync(Minter, "approval", "deny", id, "--reason", "seen")).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
    }

    [Test]
    public async Task Two_are_two_people()
    {
        await using RunningProcess psql = Psql("INSERT INTO twice VALUES (1)");
        string id = await IdAsync(psql);

        Assert.That((await ApproveAsync(Approver, id)).Succeeded().Output, Does.Contain("more people are needed"));
        Assert.That((await ApproveAsync(Approver, id)).ExitCode, Is.Not.Zero, "the same again");
        Assert.That(await StateAsync(id), Is.EqualTo("pending"));
        Assert.That(await CountAsync("twice"), Is.Zero);
        (await ApproveAsync(Second, id)).Succeeded();

        Assert.That(await psql.WaitForExitAsync(), Is.Zero, psql.Error);
        Assert.That(await CountAsync("twice"), Is.EqualTo(1));
    }
}
