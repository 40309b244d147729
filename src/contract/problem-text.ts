/** The shape of what people read when something is refused. */
export interface ProblemText {
  status: number
  en: { title: string; next: string }
  zh: { title: string; next: string }
}

/** Short for a code's texts: title and next step in each language. */
export const text = (status: number, en: [string, string], zh: [string, string]): ProblemText => ({
  status,
  en: { title: en[0], next: en[1] },
  zh: { title: zh[0], next: zh[1] },
})
