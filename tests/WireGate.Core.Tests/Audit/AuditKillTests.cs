using System.Diagnostics;
using NUnit.Framework;
using WireGate.Core.Audit;

namespace WireGate.Core.Tests.Audit;

internal sealed class AuditKillTests : AuditFixture
{
    [Test]
    public async Task A_kill_loses_no_record_whose_append_had_returned()
    {
        using Process child = AppendingProcess.Start(Directory);
        var acknowledged = new Dictionary<int, long>();
        for (int i = 0; await child.StandardOutput.ReadLineAsync() is { } line; i++)
        {
            if (i == 3000)
            {
                child.Kill();
            }

            // The pipe may end within a line; what is left of a number is a smaller one.
            if (line.Split(' ') is [var chain, { Length: > 0 } sequence])
            {
                acknowledged[int.Parse(chain, null)] = long.Parse(sequence, null);
            }
        }

        await child.WaitForExitAsync();
        Assert.That(acknowledged.Values.Sum(), Is.GreaterThan(2000));
        await using (Open(chains: 2))
        {
        }

        foreach (AuditChainReport report in AuditVerifier.Verify(Directory))
        {
            Assert.That(report.Fault, Is.Null);
            Assert.That(report.Records, Is.GreaterThanOrEqualTo(acknowledged.GetValueOrDefault(report.Chain)), report.Name);
        }
    }
}
