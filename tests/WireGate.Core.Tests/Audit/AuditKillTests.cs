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

            // The pipe may end within a line.
            if (line.Split(' ') is [var chain, var sequence] && i < 3000)
            {
                acknowledged[int.Parse(chain, null)] = long.Parse(sequence, null);
            }
        }

        await child.WaitForExitAsync();
        Assert.That(acknowledged.Values.Sum(), Is.EqualTo(3000));
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
