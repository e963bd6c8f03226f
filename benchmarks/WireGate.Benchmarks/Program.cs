using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

// In this process: BenchmarkDotNet 0.14 is older than net10.0, and what it would generate could not see our internals. As a mutator,
// because a job of the command line ("--job short") replaces the config's jobs, and this must hold for every job.
ManualConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).AsMutator())
    .AddDiagnoser(MemoryDiagnoser.Default);

return BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config).All(summary => summary.GetNumberOfExecutedBenchmarks() > 0
    && summary.Reports.All(report => report.Success)) ? 0 : 1;
