using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Stops what the tests of this assembly started.</summary>
[SetUpFixture]
internal sealed class MachineTeardown
{
    [OneTimeTearDown]
    public Task StopAsync() => Machine.StopAsync();
}
