using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class AllocationTests
{
    [TestCase("public.orders")]
    [TestCase("orders")]
    [TestCase("pg_class")]
    [TestCase("secret.orders")]
    public void Judging_allocates_nothing(string table)
    {
        SessionRules rules = Config(
            Allow(Sql(SqlEffects.Read, "select", "public.*,pg_catalog.*", "*.*.*"), "reads") with { Mask = ["pii"] },
            Deny(Sql(tables: "secret.*"), "secrets"),
            Hold(Sql(statements: "drop"), "drops"),
            Deny(Sql(functions: "pg_catalog.pg_*"), "functions"),
            Deny(new MatchConfig { Ssh = new SshMatchConfig { Shell = true } }, "shells")).RuleBook.For(Alice);
        SqlOperation operation = Text(Statement("select", $"read {table}") with { Columns = [Name("id")], Functions = [Name("lower")] });
        for (int i = 0; i < 100; i++)
        {
            rules.Judge(operation, Now);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        rules.Judge(operation, Now);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
