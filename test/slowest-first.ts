/** On two cores the suite lasts as long as whatever begins last: files that mostly wait for real processes begin first. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const slow = ['kills.test', 'supervisor.test', 'demo.test', 'simulation.db', 'database-trouble', 'processes.db']

const rank = ({ moduleId }: TestSpecification) => {
  const place = slow.findIndex((name) => moduleId.includes(name))
  return place < 0 ? slow.length : place
}

export default class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
